import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { schemaOf, type Hospital } from '@hms/database';
import { TestAlarms } from '../../../testing/test-alarms.js';
import { TestApi, type TestCaller } from '../../../testing/test-api.js';
import { asOwner, createTestHospital, dropTestHospital, isWaitedFor } from '../../../testing/test-hospital.js';
import { type Monitor, TestWards } from '../../../testing/test-ward.js';
import { until } from '../../../testing/until.js';
import type { AlarmDetailDto, AlarmDto, AlarmPageDto } from './alarms.dto.js';

let api: TestApi;
let hospital: Hospital;
let wards: TestWards;
let alarms: TestAlarms;
let ward: string;
let patient: Monitor & { readonly patientId: string };
let nurse: TestCaller;

beforeAll(async () => {
  api = await TestApi.start();
  hospital = await createTestHospital();
  wards = new TestWards(hospital);
  alarms = new TestAlarms(wards);
  nurse = await api.signIn({ hospital, role: 'nurse' });
});

beforeEach(async () => {
  ward = await wards.ward('Ward 7');
  patient = await wards.monitored(ward, 'Otieno');
});

afterAll(async () => {
  await api.close();
  await dropTestHospital(hospital);
});

interface Refusal {
  readonly code: string;
}
const get = <T>(url: string) => api.send<T>({ method: 'GET', url: `/api/v1${url}` }, nurse);
const post = <T>(url: string, payload: object = {}) =>
  api.send<T>({ method: 'POST', url: `/api/v1${url}`, payload }, nurse);
const resolve = <T = AlarmDto>(id: string) => post<T>(`/alarms/${id}/resolve`, { reason: 'Sensor taken off' });
const minutesAgo = (minutes: number) => new Date(Date.now() - minutes * 60_000);
const raise = (lastSeenAt: Date, state: 'notified' | 'acknowledged' = 'notified') =>
  alarms.raise({ patientId: patient.patientId, wardId: ward, state, lastSeenAt, raisedAt: lastSeenAt });

describe('resolving by hand', () => {
  it('ends what no reading shows any more, with who and why', async () => {
    const id = await raise(minutesAgo(2), 'acknowledged');
    expect((await resolve(id)).body).toMatchObject({ state: 'resolved', resolvedBy: { id: nurse.id } });
    const { body } = await get<AlarmDetailDto>(`/alarms/${id}`);
    expect(body.events.at(-1)).toMatchObject({ kind: 'resolved', by: { id: nurse.id }, text: 'Sensor taken off' });
    expect((await resolve<Refusal>(id)).body.code).toBe('alarm.resolved');
    expect((await post<Refusal>(`/alarms/${id}/acknowledge`)).body.code).toBe('alarm.resolved');
    expect((await post<Refusal>(`/alarms/${id}/resolve`)).status).toBe(422);
  });

  it('makes way for the next alarm of the same rule', async () => {
    const first = await raise(minutesAgo(2));
    await resolve(first);
    const next = await raise(new Date());
    const { body } = await get<AlarmPageDto>(`/alarms?wardId=${ward}`);
    expect(body.items.map(({ id }) => id)).toEqual([next, first]);
  });

  it('is refused while stored readings show it, however far the clock of their device is behind', async () => {
    const id = await raise(minutesAgo(5));
    await alarms.show(patient, { recordedAt: minutesAgo(4) });
    expect(await resolve<Refusal>(id)).toMatchObject({ status: 409, body: { code: 'alarm.still-present' } });
    await alarms.show(patient, { recordedAt: minutesAgo(3), spo2: 97 });
    expect((await resolve(id)).status).toBe(200);
  });

  it('is possible when nothing comes any more, however far the clock of the device was ahead', async () => {
    const ahead = minutesAgo(-1);
    const id = await raise(ahead);
    await alarms.show(patient, { recordedAt: ahead, storedAt: minutesAgo(2) });
    expect((await resolve(id)).body.state).toBe('resolved');
  });

  it('ends it with the newest reading about it: one that is recorded after that is the next alarm', async () => {
    const id = await raise(minutesAgo(5));
    const last = minutesAgo(4);
    await alarms.show(patient, { recordedAt: last, storedAt: minutesAgo(2) });
    expect((await resolve(id)).body.endedAt).toBe(last.toISOString());
  });

  it('waits for readings that are being stored, and is refused when they show it', async () => {
    const id = await raise(minutesAgo(2));
    const schema = schemaOf(hospital.slug);
    const answer = await asOwner(async (owner) => {
      // As a flush does it.
      await owner.query(`begin; select from ${schema}.alarm where id = '${id}' for key share`);
      await owner.query(`insert into ${schema}.telemetry_flush (writer, flush_no, rows) values (32000, 1000000, 1)`);
      await owner.query(
        `insert into ${schema}.vitals (recorded_at, patient_id, device_no, spo2, writer, flush_no)
         values (now(), $1, $2, 82, 32000, 1000000)`,
        [patient.patientId, patient.deviceNo],
      );
      const resolving = resolve<Refusal>(id);
      await until(() => isWaitedFor(owner));
      await owner.query('commit');
      return resolving;
    });
    expect(answer).toMatchObject({ status: 409, body: { code: 'alarm.still-present' } });
  });

  it('is refused for a score while the patient wears a device, and possible after that', async () => {
    const score = {
      patientId: patient.patientId,
      wardId: ward,
      kind: 'score',
      rule: 'news2',
      state: 'notified',
    } as const;
    const id = await alarms.raise({ ...score, lastSeenAt: minutesAgo(30) });
    expect((await resolve<Refusal>(id)).body.code).toBe('alarm.ends-by-itself');
    await wards.query(
      `update {schema}.device_assignment set valid = tstzrange(lower(valid), now()) where patient_id = $1`,
      [patient.patientId],
    );
    expect((await resolve(id)).body.state).toBe('resolved');
  });
});
