/* Alone: it compares how much is answered in the same time. */
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { useBedside } from '../testing/bedside.js';
import { eventually } from '../testing/eventually.js';
import { type TestDevice, type TestGateway, TestHospital } from '../testing/test-hospital.js';
import { TestIngest } from '../testing/test-ingest.js';

const bed = useBedside();
const now = Date.now() - 60_000;
const padding = ' '.repeat(300_000);
const entry = (name: string): string => join(import.meta.dirname, `../testing/${name}.mjs`);

interface Answer {
  readonly status: number;
  readonly type: string | null;
  readonly retryAfter: string | null;
  readonly body: Readonly<Record<string, unknown>>;
}

interface Sent {
  readonly path?: string;
  readonly encoding?: string;
  readonly ingest?: TestIngest;
}

async function send(
  body: string | Uint8Array,
  type: string,
  { path = '/telemetry', encoding = 'identity', ingest = bed.ingest }: Sent = {},
): Promise<Answer> {
  const response = await fetch(`${ingest.url}${path}`, {
    method: 'POST',
    headers: { authorization: `Bearer ${bed.gateway.key}`, 'content-type': type, 'content-encoding': encoding },
    body,
  });
  const answer = (await response.json()) as Answer['body'];
  const told = { type: response.headers.get('content-type'), retryAfter: response.headers.get('retry-after') };
  return { status: response.status, ...told, body: { ...answer, requestId: '' } };
}

const observation = (device: string, at: number, value: unknown = 72): object => ({
  resource: {
    resourceType: 'Observation',
    status: 'final',
    code: { coding: [{ system: 'http://loinc.org', code: '8867-4' }] },
    device: { identifier: { value: device } },
    effectiveDateTime: new Date(at).toISOString(),
    valueQuantity: { value, system: 'http://unitsofmeasure.org', code: '/min' },
    note: [{ text: 'x'.repeat(1_000) }],
  },
});
const bundle = (entries: readonly object[]): string =>
  JSON.stringify({ resourceType: 'Bundle', type: 'batch', entry: entries });

describe('a large body', () => {
  it.each<[format: string, type: string, body: (device: string) => string]>([
    [
      'JSON',
      'application/json',
      (d) =>
        JSON.stringify({ batch: 'b', readings: [{ d, t: now, hr: 70, temp: 98, tu: '[degF]' }, { d: 'nobody' }, 1] }),
    ],
    ['rows', 'application/json', (d) => JSON.stringify({ cols: ['d', 't'], rows: [[d, now]] })],
    ['a reading that is none', 'application/json', () => '{"reading":[]}'],
    ['NDJSON', 'application/x-ndjson', (d) => `{"d":"${d}","t":${now},"hr":70}\n{"d":1}\n`],
    ['NDJSON cut off', 'application/x-ndjson', () => '{"d":1}\n{"d'],
    ['SenML', 'application/senml+json', (d) => `[{"n":"${d}:hr","t":${now / 1_000},"v":70}]`],
    ['lines', 'text/plain', (d) => `vitals,device=${d} hr=70i ${now}000000\nvitals hr=x\n`],
    ['FHIR', 'application/fhir+json', (d) => bundle([observation(d, now), {}])],
    ['what is no JSON', 'application/json', () => '{'],
  ])('is read as a small one of the same content is: %s', async (_, type, body) => {
    const path = '/telemetry/explain';
    const text = body(bed.device.name);
    const small = await send(text, type, { path });
    expect(await send(text + padding, type, { path })).toEqual(small);
    expect(await send(gzipSync(text + padding), type, { path, encoding: 'gzip' })).toEqual(small);
  });

  it('is stored once, however often it is sent', async () => {
    const readings = Array.from({ length: 3_000 }, (_, i) => ({ d: bed.device.name, t: now - i, hr: 60 + (i % 60) }));
    const body = gzipSync(JSON.stringify({ readings }));
    const gzip = { encoding: 'gzip' };
    const stored = await send(body, 'application/json', gzip);
    expect(stored.body).toMatchObject({ accepted: 3_000, duplicates: 0, rejectedTotal: 0 });
    expect(await send(body, 'application/json', gzip)).toEqual(stored);
    expect(await bed.hospital.count('vitals', 'device_no = $1', [bed.device.no])).toBe(3_000);
  });

  it('that takes its thread down is answered 503, and the next one is read', async () => {
    const ingest = await TestIngest.start({ entry: entry('first-decoding-dies') });
    const body = JSON.stringify({ readings: [{ d: bed.device.name, t: now, hr: 70 }] }) + padding;
    const died = await send(body, 'application/json', { ingest });
    expect(died).toMatchObject({ status: 503, type: 'application/problem+json' });
    expect(died.body).toMatchObject({ code: 'service.unavailable', status: 503 });
    expect(Number(died.retryAfter)).toBeGreaterThan(0);
    const next = await send(body, 'application/json', { ingest });
    expect(next.body).toMatchObject({ accepted: 1 });
    expect(await ingest.stop()).toBe(0);
  });
});

describe('while one hospital sends bodies at the limit', () => {
  let other: TestHospital;
  let gateway: TestGateway;
  let device: TestDevice;
  beforeAll(async () => {
    other = await TestHospital.create();
    gateway = await other.addGateway();
    [device] = (await other.addDevices(gateway, 1)) as [TestDevice];
  });
  afterAll(() => other.drop());

  interface Meanwhile {
    /** Small posts of another hospital that were answered while eight bodies were. */
    readonly answered: number;
    /** Of all requests. */
    readonly statuses: ReadonlySet<number>;
  }

  async function flooded(ingest: TestIngest): Promise<Meanwhile> {
    // Small on the wire, so that it is not this test that everybody waits for.
    const entries = Array.from({ length: 5_000 }, (_, i) => observation(bed.device.name, now - i));
    const body = gzipSync(bundle(entries));
    const authorization = `Bearer ${bed.gateway.key}`;
    const headers = { authorization, 'content-type': 'application/fhir+json', 'content-encoding': 'gzip' };
    const statuses = new Set<number>();
    let read = 0;
    const flood = async (): Promise<void> => {
      while (read < 9) {
        const response = await fetch(`${ingest.url}/telemetry/fhir`, { method: 'POST', headers, body });
        statuses.add(response.status);
        await response.arrayBuffer();
        if (response.status === 200) read += 1;
      }
    };
    const floods = [flood(), flood()];
    await eventually(() => read > 0 || undefined);
    let answered = 0;
    for (; read < 9; answered += 1) {
      const readings = [{ d: device.name, t: now - answered, hr: 70 }];
      statuses.add((await ingest.post(gateway.key, { readings })).status);
    }
    await Promise.all(floods);
    return { answered, statuses };
  }

  it('many times as many small posts of another are answered as if those were decoded between them', async () => {
    const control = await TestIngest.start({ entry: entry('decodes-between-requests') });
    const blocked = await flooded(control);
    await control.stop();
    const free = await flooded(bed.ingest);
    expect([...free.statuses]).toEqual([200]);
    expect(free.answered).toBeGreaterThan(5 * blocked.answered);
  }, 120_000);
});
