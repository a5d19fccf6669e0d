import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { Hospital } from '@hms/database';
import { TestApi, type TestCaller } from '../../testing/test-api.js';
import { createTestHospital, dropTestHospital } from '../../testing/test-hospital.js';
import { TestWards } from '../../testing/test-ward.js';
import type { EscalationDto, EscalationListDto } from './escalation/escalation.dto.js';
import type { LimitDto, LimitListDto } from './limits/limits.dto.js';

let api: TestApi;
let hospital: Hospital;
let wards: TestWards;
let admin: TestCaller;
let doctor: TestCaller;
let nurse: TestCaller;
let ward: string;
let patientId: string;

beforeAll(async () => {
  api = await TestApi.start();
  hospital = await createTestHospital();
  wards = new TestWards(hospital);
  admin = await api.signIn({ hospital, role: 'hospital_admin' });
  doctor = await api.signIn({ hospital, role: 'doctor' });
  nurse = await api.signIn({ hospital, role: 'nurse' });
});

beforeEach(async () => {
  ward = await wards.ward();
  ({ patientId } = await wards.monitored(ward));
});

afterAll(async () => {
  await api.close();
  await dropTestHospital(hospital);
});

interface Refusal {
  readonly code: string;
  readonly errors?: { field: string }[];
}
const ask = <T>(method: string, url: string, caller: TestCaller, rest: { payload?: object; version?: number } = {}) =>
  api.send<T>(
    {
      method,
      url: `/api/v1${url}`,
      ...(rest.payload ? { payload: rest.payload } : {}),
      ...(rest.version === undefined ? {} : { headers: { 'if-match': `"${String(rest.version)}"` } }),
    },
    caller,
  );
const set = <T = LimitDto>(url: string, limit: object, version = 0, caller = admin) =>
  ask<T>('PUT', url, caller, { payload: { priority: 'high', ...limit }, version });
const effective = async () => {
  const { body } = await ask<LimitListDto>('GET', `/patients/${patientId}/alarm-limits`, nurse);
  return Object.fromEntries(body.items.map(({ vital, level, low, high }) => [vital, { level, low, high }]));
};

describe('the limits of a patient', () => {
  const ofPatient = () => `/patients/${patientId}/alarm-limits/spo2`;
  const ofWard = () => `/wards/${ward}/alarm-limits/spo2`;

  it('are the nearest: its own, else the ward’s, else the hospital’s', async () => {
    expect((await effective())['spo2']).toEqual({ level: 'hospital', low: 85, high: null });
    const { body: wards_ } = await set(ofWard(), { low: 88 });
    expect(wards_).toMatchObject({ level: 'ward', wardId: ward, patientId: null, version: 1, unit: '%' });
    expect((await effective())['spo2']).toEqual({ level: 'ward', low: 88, high: null });
    const { body: own } = await set(ofPatient(), { low: 80 }, 0, doctor);
    expect((await effective())['spo2']).toEqual({ level: 'patient', low: 80, high: null });
    expect((await effective())['heartRate']).toEqual({ level: 'hospital', low: 40, high: 140 });
    expect((await ask('DELETE', ofPatient(), doctor, { version: own.version })).status).toBe(204);
    expect((await ask('DELETE', ofWard(), admin, { version: wards_.version })).status).toBe(204);
    expect((await effective())['spo2']).toEqual({ level: 'hospital', low: 85, high: null });
    expect((await ask<Refusal>('DELETE', ofWard(), admin, { version: 1 })).body.code).toBe('alarm-limit.not-found');
  });

  it('may be none at all: the sign is silent', async () => {
    await set(ofPatient(), {}, 0, doctor);
    expect((await effective())['spo2']).toEqual({ level: 'patient', low: null, high: null });
  });

  it('of two who set them at once are those of the first; the second reads again', async () => {
    const answers = await Promise.all([80, 81, 82].map((low) => set(ofPatient(), { low }, 0, doctor)));
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 412, 412]);
    const won = answers.find(({ status }) => status === 200)?.body;
    expect((await effective())['spo2']?.low).toBe(won?.low);
    const { headers, body } = await set(ofPatient(), { low: 70 }, 1, doctor);
    expect([headers.etag, body.updatedBy]).toEqual(['"2"', doctor.id]);
    expect((await set(ofPatient(), { low: 71 }, 1, doctor)).status).toBe(412);
  });

  it('are a doctor’s decision, those of wards and the hospital the administrators’', async () => {
    const refused = async (url: string, caller: TestCaller) => (await set(url, { low: 80 }, 0, caller)).status;
    expect([await refused(ofPatient(), nurse), await refused(ofPatient(), admin)]).toEqual([403, 403]);
    expect([await refused(ofWard(), doctor), await refused('/alarm-limits/spo2', nurse)]).toEqual([403, 403]);
  });

  it('are refused where they make no sense, and for wards and patients out of reach', async () => {
    expect((await set<Refusal>(ofPatient(), { low: 101 }, 0, doctor)).body.errors?.[0]?.field).toBe('low');
    expect((await set<Refusal>(ofPatient(), { low: 90, high: 89 }, 0, doctor)).body.errors?.[0]?.field).toBe('high');
    expect((await set(`/patients/${patientId}/alarm-limits/acvpu`, {}, 0, doctor)).status).toBe(404);
    expect((await ask('PUT', ofPatient(), doctor, { payload: { priority: 'high' } })).status).toBe(428);
    const elsewhere = await api.signIn({ hospital, role: 'doctor', wardIds: [await wards.ward()] });
    expect((await set<Refusal>(ofPatient(), { low: 80 }, 0, elsewhere)).body.code).toBe('patient.not-found');
    const unknown = `/wards/${crypto.randomUUID()}/alarm-limits/spo2`;
    expect((await set<Refusal>(unknown, { low: 80 })).body.code).toBe('ward.not-found');
  });

  it('reach ingest: each change advances its epoch', async () => {
    const epoch = async () =>
      (
        await wards.query<{ epoch: string }>('select epoch from public.ingest_epoch where hospital_id = $1', [
          hospital.id,
        ])
      )[0]?.epoch;
    const before = Number(await epoch());
    await set(ofPatient(), { low: 80 }, 0, doctor);
    expect(Number(await epoch())).toBeGreaterThan(before);
  });
});

describe('who is told when nobody acknowledges', () => {
  const steps = [
    { afterSeconds: 0, roles: ['nurse'], channels: ['live'] },
    { afterSeconds: 60, roles: ['doctor'], channels: ['live', 'mail'] },
  ];
  const high = async () => {
    const { body } = await ask<EscalationListDto>('GET', `/wards/${ward}/alarm-escalation`, nurse);
    return body.items.find(({ priority }) => priority === 'high');
  };

  it('is the hospital’s policy until the ward has its own, and again afterwards', async () => {
    const byDefault = await high();
    expect(byDefault).toMatchObject({ wardId: null, steps: [{ afterSeconds: 0, roles: ['nurse'] }, {}, {}, {}] });
    const url = `/wards/${ward}/alarm-escalation/high`;
    const { status, body } = await ask<EscalationDto>('PUT', url, admin, { payload: { steps } });
    expect([status, body]).toEqual([200, { priority: 'high', wardId: ward, steps }]);
    expect(await high()).toEqual({ priority: 'high', wardId: ward, steps });
    expect((await ask('DELETE', url, admin)).status).toBe(204);
    expect(await high()).toEqual(byDefault);
  });

  it('is one whole policy, whoever sets it at the same time', async () => {
    const url = `/wards/${ward}/alarm-escalation/high`;
    const wanted = [1, 2, 3, 4].map((n) =>
      Array.from({ length: n }, (_, i) => ({ afterSeconds: i * n * 10, roles: ['nurse'], channels: ['live'] })),
    );
    const answers = await Promise.all(wanted.map((each) => ask('PUT', url, admin, { payload: { steps: each } })));
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200, 200]);
    expect(wanted).toContainEqual((await high())?.steps);
  });

  it.each([
    ['steps', []],
    ['steps.0.afterSeconds', [{ ...steps[0], afterSeconds: 5 }]],
    ['steps.1.afterSeconds', [steps[0], { ...steps[1], afterSeconds: 0 }]],
    ['steps.0.roles', [{ ...steps[0], roles: ['patient'] }]],
    ['steps.0.channels', [{ ...steps[0], channels: ['sms'] }]],
  ])('is refused for its %s', async (field, wrong) => {
    const url = '/alarm-escalation/high';
    const { status, body } = await ask<Refusal>('PUT', url, admin, { payload: { steps: wrong } });
    expect([status, body.errors?.[0]?.field]).toEqual([422, field]);
  });
});
