import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Hospital } from '@hms/database';
import { TestApi, type TestCaller } from '../../testing/test-api.js';
import { createTestHospital, dropTestHospital } from '../../testing/test-hospital.js';
import { TestWards, type Monitor } from '../../testing/test-ward.js';
import type { LatestVitalsDto } from '../vitals/vitals.dto.js';
import type { AssignmentDto } from './assignments.dto.js';

let api: TestApi;
let hospital: Hospital;
let wards: TestWards;
let nurse: TestCaller;
let ward: string;

beforeAll(async () => {
  api = await TestApi.start();
  hospital = await createTestHospital();
  wards = new TestWards(hospital);
  ward = await wards.ward();
  nurse = await api.signIn({ hospital, role: 'nurse' });
});

afterAll(async () => {
  await api.close();
  await dropTestHospital(hospital);
});

/** Whole minutes ago, all of which a test sees as the same ones. */
const now = Math.floor(Date.now() / 60_000) * 60_000;
const ago = (minutes: number): string => new Date(now - minutes * 60_000).toISOString();

const post = async (url: string, payload: object): Promise<AssignmentDto> => {
  const { status, body } = await api.send<AssignmentDto>({ method: 'POST', url: `/api/v1${url}`, payload }, nurse);
  if (status >= 300) throw new Error(JSON.stringify(body));
  return body;
};
const assign = ({ deviceId }: Monitor, patientId: string, assignment: object = {}) =>
  post(`/devices/${deviceId}/assignments`, { patientId, wardId: ward, ...assignment });
const end = ({ deviceId, id }: AssignmentDto, at: string) => post(`/devices/${deviceId}/assignments/${id}/end`, { at });

/** Stored readings of the device: each minute ago with its heart rate, and every value that is not a plain number. */
const store = (table: 'vitals' | 'vitals_unassigned', { deviceNo }: Monitor, minutes: number[], patientId?: string) =>
  wards.query(
    `insert into {schema}.${table} (recorded_at, flush_no, patient_id, device_no, writer, flags, heart_rate,
                                 on_oxygen, acvpu)
     select $1::timestamptz - m * interval '1 minute', 7, $2, $3, 1, 0, m, true, 'V' from unnest($4::int[]) m`,
    [new Date(now), patientId ?? null, deviceNo, minutes],
  );

/** Whom the sender of the reading that many minutes ago named. */
const state = ({ deviceNo }: Monitor, minutes: number, stated: object) =>
  wards.query(
    `insert into {schema}.vitals_stated_patient (device_no, recorded_at, stated)
     values ($1, $2::timestamptz - $3 * interval '1 minute', $4)`,
    [deviceNo, new Date(now), minutes, JSON.stringify(stated)],
  );

/** Minutes ago of what is stored for the patient, or for nobody; the mark of the flush stays with each. */
const stored = async ({ deviceNo }: Monitor, patientId?: string): Promise<number[]> => {
  const rows = await wards.query<{ heart_rate: number }>(
    patientId === undefined
      ? `select heart_rate from {schema}.vitals_unassigned
          where device_no = $1 and patient_id is null and flush_no = 7 order by recorded_at`
      : `select heart_rate from {schema}.vitals
          where device_no = $1 and patient_id = $2 and flush_no = 7 order by recorded_at`,
    patientId === undefined ? [deviceNo] : [deviceNo, patientId],
  );
  return rows.map((row) => row.heart_rate);
};
const latest = async (patientId: string) => {
  const url = `/api/v1/patients/${patientId}/vitals/latest`;
  const { body } = await api.send<LatestVitalsDto>({ method: 'GET', url }, nurse);
  return Object.fromEntries(body.values.map(({ code, value, recordedAt }) => [code, [value, recordedAt]]));
};
const latestAt = (minutes: number) => ({
  heartRate: [minutes, ago(minutes)],
  onOxygen: [true, ago(minutes)],
  acvpu: ['V', ago(minutes)],
});

describe('stored readings', () => {
  it('of a device nobody wore go to the patient whose assignment is dated back over them', async () => {
    const [monitor, patientId] = [await wards.device(), await wards.patient()];
    await store('vitals_unassigned', monitor, [50, 40, 30, 20]);
    await assign(monitor, patientId, { from: ago(40), until: ago(20) });
    expect(await stored(monitor, patientId)).toEqual([40, 30]);
    expect(await stored(monitor)).toEqual([50, 20]);
    expect(await latest(patientId)).toEqual(latestAt(30));
  });

  it('go with a device to its next patient from the moment it was moved on', async () => {
    const [monitor, before, after] = [await wards.device(), await wards.patient(), await wards.patient()];
    await assign(monitor, before, { from: ago(60) });
    await store('vitals', monitor, [50, 40, 30, 20], before);
    await wards.latest(before, { heartRate: 20, temperature: 37 }, new Date(ago(20)));
    await assign(monitor, after, { from: ago(30), endCurrent: true });
    expect(await stored(monitor, before)).toEqual([50, 40]);
    expect(await stored(monitor, after)).toEqual([30, 20]);
    expect(await latest(before)).toEqual(latestAt(40));
    expect(await latest(after)).toEqual(latestAt(20));
  });

  it('are of nobody after the moment an assignment should have ended', async () => {
    const [monitor, patientId] = [await wards.device(), await wards.patient()];
    const assignment = await assign(monitor, patientId, { from: ago(60) });
    await store('vitals', monitor, [30, 20], patientId);
    await wards.latest(patientId, { heartRate: 20, acvpu: 2 }, new Date(ago(20)));
    await end(assignment, ago(30));
    expect(await stored(monitor, patientId)).toEqual([]);
    expect(await stored(monitor)).toEqual([30, 20]);
    expect(await latest(patientId)).toEqual({});
  });

  it('of other devices stay, and so does what they said last', async () => {
    const [monitor, other, patientId] = [await wards.device(), await wards.device(), await wards.patient()];
    const assignment = await assign(monitor, patientId, { from: ago(60) });
    await assign(other, patientId, { from: ago(60) });
    await store('vitals', monitor, [40, 20], patientId);
    await store('vitals', other, [25], patientId);
    await wards.latest(patientId, { heartRate: 20 }, new Date(ago(20)));
    await end(assignment, ago(30));
    expect(await stored(other, patientId)).toEqual([25]);
    expect(await latest(patientId)).toEqual(latestAt(25));
  });

  it('whose sender named the patient are claimed by nobody else', async () => {
    const [monitor, other, named] = [await wards.device(), await wards.patient(), await wards.patient()];
    await store('vitals_unassigned', monitor, [40, 30, 20]);
    const [patient] = await wards.query<{ mrn: string }>('select mrn from {schema}.patient where id = $1', [named]);
    await state(monitor, 40, { ids: [], mrns: ['somebody', patient?.mrn] });
    await state(monitor, 20, { ids: [named], mrns: [] });
    const wrong = await assign(monitor, other, { from: ago(60) });
    expect([await stored(monitor, other), await stored(monitor)]).toEqual([[30], [40, 20]]);
    await end(wrong, ago(50));
    await assign(monitor, named, { from: ago(50) });
    expect([await stored(monitor, named), await stored(monitor)]).toEqual([[40, 30, 20], []]);
  });

  it('whose sender named the patient stay nobody’s when a correction would give them to another', async () => {
    const [monitor, named, other] = [await wards.device(), await wards.patient(), await wards.patient()];
    const { id } = await assign(monitor, named, { from: ago(60) });
    await store('vitals', monitor, [40, 20], named);
    await wards.query('update {schema}.vitals set flags = 33 where device_no = $1 and heart_rate = 20', [
      monitor.deviceNo,
    ]);
    const correctTo = (patientId: string) =>
      wards.query('update {schema}.device_assignment set patient_id = $1 where id = $2', [patientId, id]);
    await correctTo(other);
    expect([await stored(monitor, other), await stored(monitor)]).toEqual([[40], [20]]);
    await correctTo(named);
    expect(await stored(monitor, named)).toEqual([40, 20]);
  });

  it('move whoever corrects the assignment, and when it is removed', async () => {
    const [monitor, wrong, right] = [await wards.device(), await wards.patient(), await wards.patient()];
    const { id } = await assign(monitor, wrong, { from: ago(60) });
    await store('vitals', monitor, [40, 20], wrong);
    await wards.query('update {schema}.device_assignment set patient_id = $1 where id = $2', [right, id]);
    expect(await stored(monitor, right)).toEqual([40, 20]);
    await wards.query('delete from {schema}.device_assignment where id = $1', [id]);
    expect(await stored(monitor)).toEqual([40, 20]);
    expect(await latest(right)).toEqual({});
  });
});
