import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { eventually } from '../testing/eventually.js';
import { type TestDevice, type TestGateway, TestHospital } from '../testing/test-hospital.js';
import { TestIngest } from '../testing/test-ingest.js';

const unchecked = join(import.meta.dirname, '../testing/trusts-its-memory.mjs');
const announcedMs = 150;
/** To the microsecond, so that hardly two readings share a time. */
const preciseNow = (): number => performance.timeOrigin + performance.now();

let hospital: TestHospital;
let gateway: TestGateway;

beforeAll(async () => {
  hospital = await TestHospital.create();
  gateway = await hospital.addGateway();
}, 60_000);

afterAll(() => hospital.drop());

/** Moves a device from patient to patient while it sends, and counts readings that went to who did not wear it. */
async function strayReadings(entry?: string): Promise<{ stored: number; stray: number }> {
  const ingest = await TestIngest.start(entry === undefined ? {} : { entry });
  const [device] = (await hospital.addDevices(gateway, 1)) as [TestDevice];
  const patients = [device.patientId, await hospital.addPatient()];
  let sending = true;
  const send = async (): Promise<void> => {
    while (sending) {
      const answer = await ingest.post(gateway.key, { readings: [{ d: device.name, t: preciseNow(), hr: 70 }] });
      // Unavailable while the move itself is being committed: a gateway sends again.
      expect([200, 503]).toContain(answer.status);
    }
  };
  const senders = Promise.all([send(), send(), send()]);
  for (let move = 1; move <= 6; move++) {
    const at = new Date(Date.now() + announcedMs);
    await hospital.reassign(device.name, patients[move % 2] ?? '', at);
    await delay(announcedMs * 2);
  }
  sending = false;
  await senders;
  await ingest.stop();
  const stray = `device_no = $1 and not exists (
    select from {schema}.device_assignment a join {schema}.device d on d.id = a.device_id
     where d.device_no = $1 and a.valid @> recorded_at and a.patient_id = vitals.patient_id)`;
  return {
    stored: await hospital.count('vitals', 'device_no = $1', [device.no]),
    stray: await hospital.count('vitals', stray, [device.no]),
  };
}

/** Where a reading goes that comes while somebody says, without having finished, that another wore the device. */
async function storedWhileMoved(entry?: string): Promise<unknown[]> {
  const ingest = await TestIngest.start(entry === undefined ? {} : { entry });
  const [device] = (await hospital.addDevices(gateway, 1)) as [TestDevice];
  const wearer = await hospital.addPatient();
  const post = (t: number): ReturnType<TestIngest['post']> =>
    ingest.post(gateway.key, { readings: [{ d: device.name, t, hr: 70 }] });
  const since = Date.now() - 60_000;
  expect((await post(since + 1)).status).toBe(200);
  let answer = Promise.resolve<unknown>(undefined);
  await hospital.reassign(device.name, wearer, new Date(since), async () => {
    answer = post(since + 2);
    const failures = (): Promise<number> => ingest.metric('ingest_flush_failures_total');
    await Promise.race([answer, eventually(async () => (await failures()) || undefined)]);
  });
  await answer;
  await ingest.stop();
  const stored = await hospital.rows(
    'select patient_id from {schema}.vitals where device_no = $1 and recorded_at > $2 order by recorded_at',
    [device.no, new Date(since)],
  );
  return stored.map(({ patient_id: patient }) => patient === wearer);
}

describe('a device that moves to another patient while its readings are on their way', () => {
  it('never writes to the patient who wore it before', async () => {
    const { stored, stray } = await strayReadings();
    expect(stray).toBe(0);
    // Fewer on a busy machine.
    expect(stored).toBeGreaterThan(20);
  }, 60_000);

  it('control: does so when the service trusts what it remembers', async () => {
    expect((await strayReadings(unchecked)).stray).toBeGreaterThan(0);
  }, 60_000);

  it('has what comes in the middle of a correction stored for who wore it', async () => {
    expect(await storedWhileMoved()).toEqual([true, true]);
  }, 60_000);

  it('control: has it stored for the previous patient when the service trusts what it remembers', async () => {
    expect(await storedWhileMoved(unchecked)).toEqual([true, false]);
  }, 60_000);
});
