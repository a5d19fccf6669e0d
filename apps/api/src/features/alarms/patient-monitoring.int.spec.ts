import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { Hospital } from '@hms/database';
import { auditRows } from '../../testing/audit-rows.js';
import { TestApi, type TestCaller } from '../../testing/test-api.js';
import { createTestHospital, dropTestHospital } from '../../testing/test-hospital.js';
import { TestWards } from '../../testing/test-ward.js';
import type { LatestScoreDto, MonitoringDto, ScorePageDto } from './monitoring/monitoring.dto.js';
import type { ObservationDto, ObservationListDto, ObservationPageDto } from './observations/observations.dto.js';

let api: TestApi;
let hospital: Hospital;
let wards: TestWards;
let doctor: TestCaller;
let nurse: TestCaller;
let ward: string;
let patientId: string;

beforeAll(async () => {
  api = await TestApi.start();
  hospital = await createTestHospital();
  wards = new TestWards(hospital);
  ward = await wards.ward();
  doctor = await api.signIn({ hospital, role: 'doctor' });
  nurse = await api.signIn({ hospital, role: 'nurse', wardIds: [ward] });
});

beforeEach(async () => {
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
const at = (path: string) => `/api/v1/patients/${patientId}/${path}`;
const get = async <T>(path: string, caller = nurse) =>
  (await api.send<T>({ method: 'GET', url: at(path) }, caller)).body;
const decide = <T = MonitoringDto>(payload: object, version = 0, caller = doctor) =>
  api.send<T>({ method: 'PUT', url: at('monitoring'), headers: { 'if-match': `"${version}"` }, payload }, caller);
const chart = <T = ObservationListDto>(values: object[], rest: object = {}, caller = nurse) =>
  api.send<T>({ method: 'POST', url: at('observations'), payload: { values, ...rest } }, caller);
const askedFor = async () =>
  (
    await wards.query<{ at: Date }>('select requested_at as at from {schema}.score_due where patient_id = $1', [
      patientId,
    ])
  )[0]?.at;

describe('how a patient is scored', () => {
  const scale2 = { spo2Scale: 2, score: 'by-age', reason: 'COPD, target 88–92 %' };

  it('is scale 1 by age until a doctor decides otherwise, with a reason', async () => {
    expect(await get('monitoring')).toMatchObject({ spo2Scale: 1, score: 'by-age', reason: null, version: 0 });
    expect((await decide<Refusal>({ ...scale2, reason: undefined })).body.errors?.[0]?.field).toBe('reason');
    expect((await decide(scale2, 0, nurse)).status).toBe(403);
    expect((await decide(scale2)).body).toMatchObject({ ...scale2, version: 1, updatedBy: doctor.id });
    expect(await get('monitoring')).toMatchObject({ ...scale2, version: 1 });
    const [row] = (await auditRows(hospital, doctor.id)).filter(({ entity }) => entity === 'monitoring').slice(-1);
    expect(row).toMatchObject({ action: 'update', patient_ids: [patientId], outcome: 'success' });
  });

  it('is decided by the first of two, at the version that was read', async () => {
    const answers = await Promise.all([decide(scale2), decide({ ...scale2, score: 'off' })]);
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 412]);
    expect((await decide({ spo2Scale: 1, score: 'by-age' }, 1)).body).toMatchObject({ reason: null, version: 2 });
    expect((await decide(scale2, 1)).status).toBe(412);
  });

  it('asks for a new score', async () => {
    expect(await askedFor()).toBeUndefined();
    await decide(scale2);
    expect(await askedFor()).toBeInstanceOf(Date);
  });
});

describe('the scores of a patient', () => {
  const score = (minute: number, total: number | null, band: string, missing: string[] = []) =>
    wards.query(
      `insert into {schema}.score_result (patient_id, profile, profile_version, computed_for, total, partial, band,
                                          inputs, missing)
       values ($1, 'news2', '2017.1', timestamptz '2026-03-01T12:00:00Z' + $2 * interval '1 minute', $3, 3, $4,
               '{"spo2": {"value": 91, "points": 3}}', $5)`,
      [patientId, minute, total, band, missing],
    );

  it('are listed from the newest on, a page at a time', async () => {
    for (const minute of [0, 1, 2]) await score(minute, 3 + minute, 'urgent');
    const first = await get<ScorePageDto>('scores?limit=2');
    const second = await get<ScorePageDto>(`scores?limit=2&profile=news2&cursor=${first.nextCursor ?? ''}`);
    expect([...first.items, ...second.items].map(({ total }) => total)).toEqual([5, 4, 3]);
    expect(second.nextCursor).toBeNull();
  });

  it('tell what they were made of, what is missing and what they ask for', async () => {
    expect(await get<LatestScoreDto>('scores/latest')).toEqual({ patientId, score: null, qsofa: null });
    await score(0, 7, 'emergency');
    expect((await get<LatestScoreDto>('scores/latest')).score).toMatchObject({
      total: 7,
      band: 'emergency',
      response: expect.stringContaining('within 30 minutes'),
      inputs: { spo2: { value: 91, points: 3 } },
    });
    await score(1, null, 'incomplete', ['temperature']);
    const { score: newest } = await get<LatestScoreDto>('scores/latest');
    expect(newest).toMatchObject({ total: null, partial: 3, band: 'incomplete', missing: ['temperature'] });
  });
});

describe('the qSOFA of a patient', () => {
  const qsofa = async () => (await get<LatestScoreDto>('scores/latest')).qsofa;
  const score = (profile: string) =>
    wards.query(
      `insert into {schema}.score_result (patient_id, profile, profile_version, computed_for, total, partial, band, inputs)
       values ($1, $2, 'test', now(), 3, 3, 'low', '{"respiratoryRate": 12}')`,
      [patientId, profile],
    );

  it('counts what is known now, measured or charted, and alarms nobody', async () => {
    await score('news2');
    expect(await qsofa()).toEqual({
      total: null,
      partial: 0,
      band: 'incomplete',
      missing: ['respiratoryRate', 'systolic', 'acvpu'],
    });
    await wards.latest(patientId, { respiratoryRate: 22, systolic: 101 });
    await chart([{ code: 'acvpu', value: 'C' }]);
    expect(await qsofa()).toEqual({ total: 2, partial: 2, band: 'higher-risk', missing: [] });
    await wards.latest(patientId, { respiratoryRate: 22 }, new Date(Date.now() - 6 * 60_000));
    expect(await qsofa()).toMatchObject({ total: null, partial: 1, missing: ['respiratoryRate'] });
    expect(await wards.query('select from {schema}.alarm where patient_id = $1', [patientId])).toEqual([]);
  });

  it('is not told of a child, for whom it is not made', async () => {
    await score('bedside-pews');
    expect(await qsofa()).toBeNull();
  });
});

describe('charting', () => {
  const consciousness = { code: 'acvpu', value: 'C' };

  it('keeps a round with who observed it, and asks for a new score', async () => {
    const effort = { code: 'respiratoryEffort', value: 'moderate' };
    const refill = { code: 'capillaryRefill', value: 2.5 };
    const { status, body } = await chart([consciousness, effort, refill]);
    expect(status).toBe(201);
    expect(body.items).toMatchObject(
      [consciousness, effort, { ...refill, unit: 's' }].map((each) => ({
        ...each,
        patientId,
        status: 'final',
        method: 'manual',
        recordedBy: nurse.id,
      })),
    );
    const stored = await wards.query(
      'select code, value from {schema}.charted_observation where patient_id = $1 order by code',
      [patientId],
    );
    expect(stored).toEqual([
      { code: 'acvpu', value: 1 },
      { code: 'capillaryRefill', value: 2.5 },
      { code: 'respiratoryEffort', value: 2 },
    ]);
    expect(await askedFor()).toBeInstanceOf(Date);
    const { items } = await get<ObservationPageDto>('observations');
    expect(items.map(({ id }) => id).sort()).toEqual(body.items.map(({ id }) => id).sort());
    expect((await get<ObservationPageDto>('observations?code=acvpu')).items).toMatchObject([consciousness]);
  });

  it('shows what was imported, which nobody here recorded and which may be called an error as well', async () => {
    await wards.query(`insert into {schema}.telemetry_import (id, fingerprint) values ('ehr', sha256('ehr'))`);
    await wards.query(
      `insert into {schema}.charted_observation (id, patient_id, code, value, recorded_at, method, import_id)
       values (gen_random_uuid(), $1, 'systolic', 134, '2015-09-14T15:29:24Z', 'imported', 'ehr')`,
      [patientId],
    );
    expect(await askedFor()).toBeUndefined();
    const { items } = await get<ObservationPageDto>('observations');
    const imported = { code: 'systolic', value: 134, unit: 'mm[Hg]', method: 'imported', recordedBy: null };
    expect(items).toMatchObject([imported]);
    const url = at(`observations/${items[0]?.id ?? ''}/void`);
    expect(await api.send({ method: 'POST', url, payload: { reason: 'Wrong patient' } }, nurse)).toMatchObject({
      ...{ status: 200, body: { ...imported, status: 'entered-in-error', voidedBy: nurse.id } },
    });
    expect(await askedFor()).toBeInstanceOf(Date);
  });

  it('asks anew for a score that is being computed', async () => {
    await chart([consciousness]);
    const first = await askedFor();
    await chart([consciousness]);
    expect((await askedFor())?.getTime()).toBeGreaterThan(first?.getTime() ?? Infinity);
  });

  it.each([
    ['recordedAt', [{ code: 'spo2', value: 90 }], { recordedAt: new Date(Date.now() + 120_000).toISOString() }],
    ['values.0.value', [{ code: 'spo2', value: 101 }], {}],
    ['values.0.value', [{ code: 'spo2', value: { more: 1 } }], {}],
    ['values.0.code', [{ code: 'bloodSugar', value: 5 }], {}],
    ['values', [], {}],
  ])('is refused for %s', async (field, values, rest) => {
    const { status, body } = await chart<Refusal>(values, rest);
    expect([status, body.errors?.map((error) => error.field)]).toEqual([422, [field]]);
    expect(await askedFor()).toBeUndefined();
  });

  it('can be called an error, once, and never be rewritten', async () => {
    const { body } = await chart([consciousness]);
    const id = body.items[0]?.id ?? '';
    const voiding = <T = ObservationDto>() =>
      api.send<T>({ method: 'POST', url: at(`observations/${id}/void`), payload: { reason: 'Wrong bed' } }, nurse);
    const answers = await Promise.all([voiding(), voiding()]);
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 409]);
    expect((await get<ObservationPageDto>('observations')).items).toMatchObject([
      { id, status: 'entered-in-error', voidedBy: nurse.id, voidReason: 'Wrong bed' },
    ]);
    await expect(wards.query('update {schema}.charted_observation set value = 0 where id = $1', [id])).rejects.toThrow(
      'not rewritten',
    );
  });

  it('reaches no patient of another ward', async () => {
    ({ patientId } = await wards.monitored(await wards.ward()));
    expect((await chart<Refusal>([consciousness])).body.code).toBe('patient.not-found');
    expect(await get<Refusal>('monitoring')).toMatchObject({ code: 'patient.not-found' });
  });
});
