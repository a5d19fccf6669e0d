import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { Hospital } from '@hms/database';
import { TestAlarms } from '../../../testing/test-alarms.js';
import { TestApi, type TestCaller } from '../../../testing/test-api.js';
import { createTestHospital, dropTestHospital } from '../../../testing/test-hospital.js';
import { TestWards } from '../../../testing/test-ward.js';
import type { AlarmPageDto } from '../episodes/alarms.dto.js';
import type { SuppressionDto, SuppressionPageDto } from './suppressions.dto.js';

let api: TestApi;
let hospital: Hospital;
let wards: TestWards;
let alarms: TestAlarms;
let nurse: TestCaller;
let ward: string;
let patientId: string;

beforeAll(async () => {
  api = await TestApi.start();
  hospital = await createTestHospital();
  wards = new TestWards(hospital);
  alarms = new TestAlarms(wards);
  ward = await wards.ward();
  nurse = await api.signIn({ hospital, role: 'nurse', wardIds: [ward] });
});

beforeEach(async () => {
  ({ patientId } = await wards.monitored(ward));
});

afterAll(async () => {
  await api.close();
  await dropTestHospital(hospital);
});

const at = (path = '', patient = patientId) => `/api/v1/patients/${patient}/alarm-suppressions${path}`;
const suppress = <T = SuppressionDto>(payload: object = {}, patient = patientId) =>
  api.send<T>(
    { method: 'POST', url: at('', patient), payload: { reason: 'Being turned', minutes: 10, ...payload } },
    nurse,
  );
const end = <T = SuppressionDto>(id: string) => api.send<T>({ method: 'POST', url: at(`/${id}/end`) }, nurse);
const list = async (query = '') =>
  (await api.send<SuppressionPageDto>({ method: 'GET', url: at(query) }, nurse)).body.items;
const open = async () =>
  (await api.send<AlarmPageDto>({ method: 'GET', url: `/api/v1/patients/${patientId}/alarms` }, nurse)).body.items;
const notified = (rule: string) => alarms.raise({ patientId, wardId: ward, rule, state: 'notified' });

describe('suppressing', () => {
  it('tells nobody of the rule until it ends, and keeps the alarm on the list', async () => {
    const [spo2, pulse] = [await notified('spo2-low'), await notified('heartRate-high')];
    const { status, body } = await suppress({ rule: 'spo2-low' });
    expect(status).toBe(201);
    expect(body).toMatchObject({ patientId, rule: 'spo2-low', active: true, createdBy: nurse.id, endedBy: null });
    expect(Date.parse(body.endsAt) - Date.parse(body.startsAt)).toBe(600_000);
    const shown = new Map((await open()).map(({ id, suppressedUntil }) => [id, suppressedUntil]));
    expect(Object.fromEntries(shown)).toEqual({ [spo2]: body.endsAt, [pulse]: null });
    expect((await alarms.stateOf(spo2)).due?.toISOString()).toBe(body.endsAt);
    expect(await alarms.history(spo2)).toEqual(['suppressed']);
    expect(await alarms.history(pulse)).toEqual([]);
  });

  it('of all rules holds back every alarm, but not one that somebody acknowledged', async () => {
    const [spo2, seen] = [
      await notified('spo2-low'),
      await alarms.raise({ patientId, wardId: ward, rule: 'news2', kind: 'score', state: 'acknowledged' }),
    ];
    const { body } = await suppress();
    expect(body.rule).toBeNull();
    expect([await alarms.history(spo2), await alarms.history(seen)]).toEqual([['suppressed'], []]);
  });

  it('can be undone: what is open is due at once', async () => {
    const id = await notified('spo2-low');
    const { body: suppression } = await suppress();
    expect((await end(suppression.id)).body).toMatchObject({ active: false, endedBy: nurse.id });
    expect((await alarms.stateOf(id)).due?.getTime()).toBeLessThanOrEqual(Date.now() + 50);
    expect((await open())[0]?.suppressedUntil).toBeNull();
    expect((await end<{ code: string }>(suppression.id)).body.code).toBe('alarm-suppression.ended');
    expect((await end<{ code: string }>(crypto.randomUUID())).body.code).toBe('alarm-suppression.not-found');
    expect([(await list()).length, await list('?active=true')]).toEqual([1, []]);
  });

  it.each([
    ['minutes', { minutes: 721 }],
    ['minutes', { minutes: 0 }],
    ['reason', { reason: ' a ' }],
    ['reason', { reason: undefined }],
    ['rule', { rule: 'x y' }],
  ])('is refused for its %s with %j', async (field, wrong) => {
    const { status, body } = await suppress<{ errors: { field: string }[] }>(wrong);
    expect([status, body.errors.map((error) => error.field)]).toEqual([422, expect.arrayContaining([field])]);
  });

  it('reaches no patient of another ward', async () => {
    const { patientId: other } = await wards.monitored(await wards.ward());
    expect((await suppress<{ code: string }>({}, other)).body.code).toBe('patient.not-found');
  });
});
