/* Alone: it compares how long a hospital waits with and without another. */
import { setTimeout as delay } from 'node:timers/promises';
import { afterEach, expect, it } from '@jest/globals';
import { useBedside } from '../testing/bedside.js';
import { eventually } from '../testing/eventually.js';
import { TestHospital } from '../testing/test-hospital.js';
import { type TestIngest } from '../testing/test-ingest.js';

const bed = useBedside();

const limit = (rowsPerSecond: number | null): Promise<unknown> =>
  bed.hospital.owner.query('update public.hospital set telemetry_rows_per_second = $2 where id = $1', [
    bed.hospital.hospital.id,
    rowsPerSecond,
  ]);

afterEach(() => limit(null));

function send(rows: number): ReturnType<TestIngest['post']> {
  const first = Date.now() - 60_000;
  return bed.ingest.post(bed.gateway.key, {
    readings: Array.from({ length: rows }, (_, i) => ({ d: bed.device.name, t: first + i, hr: 70 })),
  });
}

it('a hospital beyond its quota is refused and told when to come again, until the limit is lifted', async () => {
  await limit(1);
  const refused = await eventually(async () => {
    const answer = await send(2_000);
    return answer.status === 429 ? answer : undefined;
  });
  expect(refused.body).toMatchObject({ code: 'telemetry.over-quota' });
  expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(1_000);
  await limit(null);
  await eventually(async () => ((await send(1)).status === 200 ? true : undefined));
});

it('a hospital beyond its quota is told so a second later, while others are answered: who heeds nothing asks no more often', async () => {
  await limit(1);
  await eventually(async () => ((await send(2_000)).status === 429 ? true : undefined));
  const other = await TestHospital.create();
  const gateway = await other.addGateway();
  const [device] = await other.addDevices(gateway, 1);
  const answered: string[] = [];
  const began = performance.now();
  const refused = send(1).then(() => answered.push('refused'));
  await bed.ingest.post(gateway.key, { readings: [{ d: device?.name, t: Date.now(), hr: 70 }] });
  answered.push('stored');
  await refused;
  expect(answered).toEqual(['stored', 'refused']);
  expect(performance.now() - began).toBeGreaterThan(990);
  await other.drop();
}, 30_000);

/** Sends ten times what the hospital may, at even times, until it is told to stop. */
async function flood(quota: number, stop: AbortSignal): Promise<number[]> {
  const everyMs = 100;
  const statuses: Promise<number>[] = [];
  while (!stop.aborted) {
    statuses.push(send((10 * quota * everyMs) / 1_000).then(({ status }) => status));
    await delay(everyMs, undefined, { signal: stop }).catch(() => undefined);
  }
  return Promise.all(statuses);
}

it('a hospital that sends ten times its quota does not make another wait twice as long', async () => {
  const quota = 500;
  await limit(quota);
  const other = await TestHospital.create();
  const gateway = await other.addGateway();
  const [device] = await other.addDevices(gateway, 1);
  let t = Date.now() - 3_600_000;
  /** How long the slowest but five of a hundred of the other's requests take. */
  const p95 = async (): Promise<number> => {
    const took: number[] = [];
    for (let i = 0; i < 100; i++) {
      const began = performance.now();
      const { status } = await bed.ingest.post(gateway.key, { readings: [{ d: device?.name, t: t++, hr: 70 }] });
      expect(status).toBe(200);
      took.push(performance.now() - began);
    }
    return took.sort((a, b) => a - b)[94] ?? NaN;
  };
  const flooded = async (): Promise<number> => {
    const stop = new AbortController();
    const answers = flood(quota, stop.signal);
    const result = await p95();
    stop.abort();
    expect(await answers).toContain(429);
    return result;
  };
  // What it had saved up.
  await eventually(async () => ((await send(quota)).status === 429 ? true : undefined));
  const rises: number[] = [];
  for (let round = 0; round < 3; round++) {
    const quiet = await p95();
    rises.push((await flooded()) / quiet);
  }
  // What else the machine does comes and goes; what the flood does is there in most rounds.
  expect(rises.sort((a, b) => a - b)[1]).toBeLessThan(2);
  await limit(null);
  await other.drop();
}, 60_000);
