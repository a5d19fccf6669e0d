/* Alone: its workers look at every hospital. REMINDERS sets how many are due: 10,000 in a run of its own. */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { Hospital } from '@hms/database';
import { createTestHospital, dropTestHospital } from '../../testing/test-hospital.js';
import { until } from '../../testing/until.js';
import { FakeTwilio } from '../notifications/testing/fake-twilio.js';
import { TestAppointments } from './testing/test-appointments.js';

const child = join(import.meta.dirname, '../../testing/reminder-worker-child.mjs');
const reminders = Number(process.env['REMINDERS'] ?? 500);
const kills = reminders > 1_000 ? 25 : 8;
/** What makes it likely that a kill comes between what the provider did and what it said. */
const answersAfterMs = 15;
const patienceMs = 60_000 + reminders * 60;

let twilio: FakeTwilio;
let hospital: Hospital;
let clinic: TestAppointments;
const workers: (ChildProcess | undefined)[] = [undefined, undefined];

beforeAll(async () => {
  hospital = await createTestHospital();
  clinic = new TestAppointments(hospital);
  await clinic.query(
    `update {schema}.notification_settings
        set quiet_until = quiet_from, channels = '{in-app,sms}', per_minute = 100000`,
  );
});
beforeEach(async () => {
  twilio = await new FakeTwilio().start();
  twilio.delayMs = answersAfterMs;
});
afterEach(async () => {
  await Promise.all(workers.map((_, i) => kill(i)));
  await twilio.stop();
});
afterAll(() => dropTestHospital(hospital));

function start(i: number, mode: string): void {
  const env = { ...process.env, NODE_ENV: 'test', LOG_LEVEL: 'silent', PORT: '1' };
  workers[i] = spawn(process.execPath, [child, JSON.stringify(twilio.account), mode], { env, stdio: 'inherit' });
}

async function kill(i: number): Promise<void> {
  const worker = workers[i];
  workers[i] = undefined;
  if (!worker || worker.exitCode !== null || worker.signalCode !== null) return;
  worker.kill('SIGKILL');
  await once(worker, 'exit');
}

const waiting = async (): Promise<number> => {
  const [row] = await clinic.query<{ n: number }>(
    `select ((select count(*) from {schema}.reminder where due_at <= now())
             + (select count(*) from {schema}.notification_delivery where due_at is not null))::int as n`,
  );
  return row?.n ?? 0;
};

/** How many SMS each patient got, with workers killed one at a time at random moments until all is done. */
async function receivedUnderKills(mode: string, count: number): Promise<number[]> {
  const appointments = await clinic.appointments(count, new Date(Date.now() + 24 * 3_600_000));
  await clinic.due(appointments);
  for (const i of workers.keys()) start(i, mode);
  for (let killed = 1; killed <= kills; killed += 1) {
    const enough = (count * killed) / (kills + 2);
    await until(() => twilio.messages.length > enough, patienceMs);
    const i = Math.floor(Math.random() * workers.length);
    await kill(i);
    start(i, mode);
  }
  await until(async () => (await waiting()) === 0, patienceMs);
  const counts = new Map<string, number>();
  for (const { to } of twilio.messages) counts.set(to, (counts.get(to) ?? 0) + 1);
  return appointments.map(({ phone }) => counts.get(phone) ?? 0);
}

const takenOver = async (): Promise<number> => {
  const rows = await clinic.query(`select from {schema}.notification_delivery where attempts > 1`);
  return rows.length;
};

describe(`two workers, killed ${String(kills)} times while ${String(reminders)} reminders are due,`, () => {
  it(
    'deliver each once, as the provider counts, though some were taken over',
    async () => {
      const from = performance.now();
      expect(await receivedUnderKills('careful', reminders)).toEqual(Array(reminders).fill(1));
      expect(await takenOver()).toBeGreaterThan(0);
      const seconds = ((performance.now() - from) / 1_000).toFixed(1);
      process.stdout.write(
        `reminders: ${String(reminders)} in ${seconds} s, ${String(await takenOver())} taken over\n`,
      );
    },
    patienceMs * 2,
  );

  it(
    'deliver some twice when nobody asks the provider what it took (control)',
    async () => {
      expect(Math.max(...(await receivedUnderKills('careless', 400)))).toBeGreaterThan(1);
    },
    patienceMs * 2,
  );
});
