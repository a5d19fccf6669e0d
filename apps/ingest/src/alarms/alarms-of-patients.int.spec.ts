import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { uuidv7 } from 'uuidv7';
import { eventually } from '../testing/eventually.js';
import { TestAlarms } from '../testing/test-alarms.js';
import { TestHospital, type TestDevice, type TestGateway } from '../testing/test-hospital.js';

let hospital: TestHospital;
let gateway: TestGateway;
let alarms: TestAlarms;
let device: TestDevice;

beforeAll(async () => {
  hospital = await TestHospital.create();
  gateway = await hospital.addGateway();
  alarms = await TestAlarms.of(hospital);
}, 60_000);

afterAll(() => hospital.drop());

beforeEach(async () => {
  await hospital.rows('truncate {schema}.alarm cascade');
  [device] = (await hospital.addDevices(gateway, 1)) as [TestDevice];
});

describe('an open alarm', () => {
  let there: string;
  beforeEach(async () => {
    there = uuidv7();
    await hospital.rows('insert into {schema}.ward (id, code, name) values ($1::uuid, $2, $2)', [
      there,
      there.slice(-12).toUpperCase(),
    ]);
  });
  const follow = async (): Promise<number | undefined> =>
    (await hospital.rows<{ moved: number }>('select {schema}.follow_patients() as moved'))[0]?.moved;
  const move = async (from: Date): Promise<void> => {
    const [wearable] = (await hospital.addDevices(gateway, 1)) as [TestDevice];
    await hospital.rows(
      `update {schema}.device_assignment set patient_id = $1, ward_id = $2, valid = tstzrange($3, null)
        where device_id = (select id from {schema}.device where device_no = $4)`,
      [device.patientId, there, from, wearable.no],
    );
  };
  const ward = async (): Promise<string | undefined> =>
    (await hospital.rows<{ ward_id: string }>('select ward_id from {schema}.alarm'))[0]?.ward_id;

  it('follows its patient at the time that was planned, and not before', async () => {
    await alarms.raise(device, { rule: 'spo2-low', from: 0 });
    const from = new Date(Date.now() + 1_000);
    await move(from);
    expect([await follow(), await ward()]).toEqual([0, hospital.wardId]);
    expect(await eventually(async () => (await follow()) || undefined)).toBe(1);
    expect([await ward(), Date.now() >= from.getTime()]).toEqual([there, true]);
    expect(await follow()).toBe(0);
  });

  it('of a reading from before the move is taken along', async () => {
    await move(new Date());
    await alarms.raise(device, { rule: 'spo2-low', from: 0 });
    expect([await follow(), await ward()]).toEqual([1, there]);
  });
});

describe('readings that are claimed by an assignment of the past', () => {
  /** Somebody who is on no device yet, and a device that nobody wears. */
  const unclaimed = async (
    ...readings: readonly (readonly [second: number, systolic: number])[]
  ): Promise<TestDevice> => {
    await hospital.rows(
      `update {schema}.device_assignment set valid = tstzrange(lower(valid), now() - interval '1 day') where patient_id = $1`,
      [device.patientId],
    );
    for (const [second, value] of readings) {
      await hospital.rows(
        `insert into {schema}.vitals_unassigned (recorded_at, flush_no, writer, device_no, flags, systolic) values ($1, 1, 32000, $2, 0, $3)`,
        [alarms.at(second), device.no, value],
      );
    }
    return { ...device, patientId: await hospital.addPatient() };
  };
  const claim = ({ name, patientId }: TestDevice): Promise<void> =>
    hospital.assign(name, patientId, { from: new Date(Date.now() - 3_600_000) });

  it('alarm like any, and their patient is scored', async () => {
    const worn = await unclaimed([0, 61], [1, 60], [2, 120]);
    await claim(worn);
    expect(await alarms.episodes(worn)).toMatchObject([{ rule: 'systolic-low', state: 'raised', started: 0 }]);
    expect(await hospital.rows('select value, limit_value, last_seen_at from {schema}.alarm')).toEqual([
      { value: 60, limit_value: 80, last_seen_at: alarms.at(1) },
    ]);
    expect(await hospital.count('score_due', 'patient_id = $1', [worn.patientId])).toBe(1);
  });

  it('alarm nobody when they are late by now', async () => {
    const worn = await unclaimed([-301, 60]);
    await claim(worn);
    expect(await alarms.episodes(worn)).toEqual([]);
    expect(await hospital.count('score_due', 'patient_id = $1', [worn.patientId])).toBe(0);
  });
});
