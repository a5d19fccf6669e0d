/* Alone: its service runs ahead of the clock, and does its rounds in every hospital. */
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { withOwner } from '@hms/database';
import { variable } from '../../testing/environment.js';
import { eventually } from '../../testing/eventually.js';
import { TestHospital, type TestDevice, type TestGateway } from '../../testing/test-hospital.js';
import { TestIngest, type Response } from '../../testing/test-ingest.js';

const nearMidnight = join(import.meta.dirname, '../../testing/near-midnight.mjs');
const beforeMs = 1_000;
const afterMs = 500;
const perBatch = 10;

let hospital: TestHospital;
let gateway: TestGateway;
let devices: TestDevice[];

beforeEach(async () => {
  hospital = await TestHospital.create();
  gateway = await hospital.addGateway();
  devices = await hospital.addDevices(gateway, 4);
  await hospital.rows(`update {schema}.telemetry_retention set partition_by = 'day'`);
});
afterEach(() => hospital.drop());

/** The midnight, in milliseconds since 1970, from which on the hospital has no partition. */
async function lastBound(): Promise<number> {
  const [row] = await hospital.rows<{ at: number }>(
    `select extract(epoch from max((regexp_match(pg_get_expr(c.relpartbound, c.oid), 'TO \\(''([^'']+)''\\)'))[1]::timestamptz))
              ::float8 * 1000 as at
       from pg_inherits i join pg_class c on c.oid = i.inhrelid where i.inhparent = '{schema}.vitals'::regclass`,
  );
  return row?.at ?? NaN;
}

/** What the worker does each hour, from a connection of its own. */
const ensurePartitions = (from: number, until: number): Promise<unknown> =>
  withOwner(variable('DATABASE_DIRECT_URL'), (owner) =>
    owner.query(`select ${hospital.schema}.ensure_telemetry_partitions($1, $2)`, [new Date(from), new Date(until)]),
  );

interface Roll {
  readonly answers: readonly Response[];
  readonly slowestMs: number;
  readonly storedBefore: number;
  readonly storedAfter: number;
}

/** Four gateways send one batch after another while the clock of ingest passes the midnight. */
async function roll(midnight: number, meanwhile: () => Promise<unknown>): Promise<Roll> {
  // The partitions of batches are weeks: on some days they end before those of the readings do.
  await ensurePartitions(midnight - 2 * beforeMs, midnight - 1);
  const ingest = await TestIngest.start({ entry: nearMidnight, env: { CLOCK_AT: String(midnight - beforeMs) } });
  const send = (device: TestDevice, t: number): Promise<Response> =>
    ingest.post(gateway.key, {
      readings: Array.from({ length: perBatch }, (_, i) => ({ d: device.name, t: t + i, hr: 70 })),
    });
  ingest.signal('SIGUSR2');
  const [first] = devices;
  await eventually(async () => (first && (await send(first, midnight - 2 * beforeMs)).status === 200) || undefined);
  const began = performance.now();
  const clock = (): number => Math.floor(midnight - beforeMs + performance.now() - began);
  const answers: Response[] = [];
  let slowestMs = 0;
  const senders = devices.map(async (device) => {
    while (clock() < midnight + afterMs) {
      const sent = performance.now();
      answers.push(await send(device, clock()));
      slowestMs = Math.max(slowestMs, performance.now() - sent);
    }
  });
  await Promise.all([meanwhile(), ...senders]);
  await ingest.stop();
  const stored = (where: string) => hospital.count('vitals', where, [new Date(midnight)]);
  return {
    ...{ answers, slowestMs },
    storedBefore: await stored('recorded_at < $1'),
    storedAfter: await stored('recorded_at >= $1'),
  };
}

describe('midnight, which is the bound of a partition', () => {
  it('passes under load without an error or a wait of 2 s, while two workers make the next partition', async () => {
    const midnight = await lastBound();
    const workers = () => Promise.all([1, 2].map(() => ensurePartitions(midnight, midnight + 7 * 86_400_000)));
    const { answers, slowestMs, storedBefore, storedAfter } = await roll(midnight, workers);
    expect(answers.filter(({ status, body }) => status !== 200 || body['rejectedTotal'] !== 0)).toEqual([]);
    expect(slowestMs).toBeLessThan(2_000);
    expect(storedBefore).toBeGreaterThan(0);
    expect(storedAfter).toBeGreaterThan(0);
  }, 30_000);

  it('control: readings behind it are refused when nobody made the partition', async () => {
    const { answers, storedAfter } = await roll(await lastBound(), () => Promise.resolve());
    expect(answers.some(({ status }) => status !== 200)).toBe(true);
    expect(storedAfter).toBe(0);
  }, 30_000);
});
