import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { Hospital } from '@hms/database';
import { TestAlarms } from '../../../testing/test-alarms.js';
import { createTestHospital, createTestUser, dropTestHospital } from '../../../testing/test-hospital.js';
import { TestWards } from '../../../testing/test-ward.js';
import { until } from '../../../testing/until.js';
import { suspend } from './testing/sweeping.js';

const child = join(import.meta.dirname, '../../../testing/alarm-worker-child.mjs');
const count = 90;
const kills = 2;
let hospital: Hospital;
let wards: TestWards;
let worker: ChildProcess | undefined;

beforeEach(async () => {
  hospital = await createTestHospital();
  wards = new TestWards(hospital);
  const [ward, alarms] = [await wards.ward(), new TestAlarms(wards)];
  const { patientId } = await wards.monitored(ward);
  await createTestUser({ hospital, role: 'nurse' });
  await createTestUser({ hospital, role: 'nurse' });
  // Nobody else's worker tells of a suspended hospital.
  await suspend(hospital);
  await Promise.all(
    Array.from({ length: count }, (_, i) => alarms.raise({ patientId, wardId: ward, rule: `rule-${i}` })),
  );
});

afterEach(async () => {
  await kill();
  await dropTestHospital(hospital);
});

/** Without a Redis at that address. */
function start(...mode: string[]): void {
  const env = { ...process.env, NODE_ENV: 'test', LOG_LEVEL: 'silent', PORT: '1', REDIS_URL: 'redis://127.0.0.1:1' };
  worker = spawn(process.execPath, [child, hospital.id, ...mode], { env, stdio: 'inherit' });
}

async function kill(): Promise<void> {
  if (worker?.exitCode !== null || worker.signalCode !== null) return;
  worker.kill('SIGKILL');
  await once(worker, 'exit');
}

const notified = async (): Promise<number> => {
  const [row] = await wards.query<{ n: number }>(
    `select count(*)::int as n from {schema}.alarm where state = 'notified'`,
  );
  return row?.n ?? 0;
};
/** How often each alarm was told, and each nurse of it. */
const times = async () =>
  (
    await wards.query<{ events: number; notifications: number }>(
      `select (select count(*)::int from {schema}.alarm_event e where e.alarm_id = a.id and e.kind = 'notified') as events,
              (select count(*)::int from {schema}.alarm_notification n where n.alarm_id = a.id) as notifications
         from {schema}.alarm a`,
    )
  ).map(({ events, notifications }) => `${events}/${notifications}`);

/** Kills workers in the middle of their work, and lets the last one finish. */
async function tellUnderFire(...mode: string[]): Promise<void> {
  for (let round = 1; round <= kills; round++) {
    start(...mode);
    await until(async () => (await notified()) >= (round * count) / (kills + 1), 60_000);
    await kill();
  }
  start(...mode);
  await until(async () => (await notified()) === count, 60_000);
}

describe('workers that are killed in the middle, without Redis', () => {
  it('tell every alarm, and everybody of it once', async () => {
    await tellUnderFire();
    expect(await times()).toEqual(Array<string>(count).fill('1/2'));
  }, 120_000);

  it('would tell some twice if its event were not part of the change (control)', async () => {
    await tellUnderFire('careless');
    expect((await times()).some((each) => Number(each.split('/')[0]) > 1)).toBe(true);
  }, 120_000);
});
