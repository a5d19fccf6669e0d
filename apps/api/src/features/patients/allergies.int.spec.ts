import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { Hospital } from '@hms/database';
import { TestApi, type TestCaller } from '../../testing/test-api.js';
import { createTestHospital, dropTestHospital } from '../../testing/test-hospital.js';
import type { AllergyDto, AllergyListDto, AllergyStatusDto } from './allergies.dto.js';
import type { PatientDto } from './patients.dto.js';

let api: TestApi;
let hospital: Hospital;
let doctor: TestCaller;
let patient: PatientDto;
let people = 0;

beforeAll(async () => {
  api = await TestApi.start();
  hospital = await createTestHospital();
  doctor = await api.signIn({ hospital, role: 'doctor' });
});

beforeEach(async () => {
  patient = await register();
});

afterAll(async () => {
  await api.close();
  await dropTestHospital(hospital);
});

const register = async (): Promise<PatientDto> => {
  const payload = { familyName: 'Allergic', givenName: `Number ${String(++people)}` };
  return (await api.send<PatientDto>({ method: 'POST', url: '/api/v1/patients', payload }, doctor)).body;
};
const at = (path: string): string => `/api/v1/patients/${patient.id}/${path}`;
const penicillin = { substance: 'Penicillin', category: 'medication' };
const record = <T = AllergyDto>(payload: object = penicillin) =>
  api.send<T>({ method: 'POST', url: at('allergies'), payload }, doctor);
const change = <T = AllergyDto>({ id, version }: AllergyDto, payload: object) =>
  api.send<T>(
    { method: 'PATCH', url: at(`allergies/${id}`), headers: { 'if-match': `"${String(version)}"` }, payload },
    doctor,
  );
const setStatus = (status: string) =>
  api.send<AllergyStatusDto>({ method: 'PUT', url: at('allergy-status'), payload: { status } }, doctor);
const list = () => api.send<AllergyListDto>({ method: 'GET', url: at('allergies') }, doctor);
const refuted = { verificationStatus: 'refuted', statusReason: 'Tolerated a test dose' };

describe('a patient without a recorded allergy', () => {
  it('has not been asked until somebody says that none is known', async () => {
    expect((await list()).body).toEqual({ allergyStatus: 'not-asked', items: [] });
    const { status, body, headers } = await setStatus('none-known');
    expect({ status, body, etag: headers.etag }).toEqual({
      status: 200,
      body: { allergyStatus: 'none-known', version: 2 },
      etag: '"2"',
    });
    expect((await list()).body).toEqual({ allergyStatus: 'none-known', items: [] });
    await setStatus('not-asked');
    expect((await list()).body.allergyStatus).toBe('not-asked');
  });

  it('cannot be said to have one recorded', async () => {
    expect((await setStatus('recorded')).status).toBe(422);
  });
});

describe('recording an allergy', () => {
  it('answers it as it was given and marks the patient', async () => {
    const given = {
      ...penicillin,
      code: { system: 'http://snomed.info/sct', code: '764146007' },
      type: 'allergy',
      criticality: 'high',
      reactions: ['Anaphylaxis', 'Urticaria'],
      severity: 'severe',
      verificationStatus: 'confirmed',
      onsetDate: '2019-07-01',
    };
    const { status, body, headers } = await record(given);
    expect(status).toBe(201);
    expect(body).toMatchObject({ ...given, clinicalStatus: 'active', statusReason: null, version: 1 });
    expect(headers.etag).toBe('"1"');
    expect((await list()).body).toEqual({ allergyStatus: 'recorded', items: [body] });
  });

  it('does not record an active one twice, whoever is faster', async () => {
    const answers = await Promise.all(
      ['Penicillin', 'penicillin', ' PENICILLIN '].map((substance) => record({ ...penicillin, substance })),
    );
    expect(answers.map(({ status }) => status).sort()).toEqual([201, 409, 409]);
    expect(answers.find(({ status }) => status === 409)?.body).toMatchObject({ code: 'allergy.duplicate' });
  });

  it.each([
    ['category', { category: 'dust' }],
    ['substance', { substance: 'a\u0007b' }],
    ['reactions', { reactions: ['fine', 7] }],
    ['onsetDate', { onsetDate: '2019' }],
    ['onsetDate', { onsetDate: '2999-01-01' }],
    ['verificationStatus', { verificationStatus: 'refuted' }],
    ['code.code', { code: { system: 'http://snomed.info/sct' } }],
  ])('names %s as the field to change in %j', async (field, wrong) => {
    const { status, body } = await record({ ...penicillin, ...wrong });
    expect({ status, body }).toMatchObject({ status: 422, body: { errors: [{ field }] } });
  });
});

describe('an active allergy', () => {
  it('keeps anybody from saying that none is known', async () => {
    await record();
    for (const status of ['none-known', 'not-asked']) {
      expect(await setStatus(status)).toMatchObject({ status: 409, body: { code: 'allergy.active-allergies' } });
    }
    expect((await list()).body.allergyStatus).toBe('recorded');
  });

  it('can never meet "none known", whichever is said first', async () => {
    for (let round = 0; round < 10; round++) {
      patient = await register();
      const [recorded, said] = await Promise.all([record(), setStatus('none-known')]);
      expect(recorded.status).toBe(201);
      expect([200, 409]).toContain(said.status);
      expect((await list()).body.allergyStatus).toBe('recorded');
    }
  });

  it('makes way once it is refuted, with a reason', async () => {
    const { body: allergy } = await record();
    expect(await change(allergy, { verificationStatus: 'refuted' })).toMatchObject({
      status: 422,
      body: { errors: [{ field: 'statusReason' }] },
    });
    expect((await change(allergy, refuted)).body).toMatchObject(refuted);
    expect((await list()).body).toMatchObject({ allergyStatus: 'recorded', items: [refuted] });
    expect((await setStatus('none-known')).status).toBe(200);
  });
});

describe('an allergy entry', () => {
  it('is changed field by field, at the version that was read', async () => {
    const { body: before } = await record({ ...penicillin, severity: 'mild', reactions: ['Rash'] });
    const { body: after } = await change(before, { severity: null, clinicalStatus: 'resolved' });
    const { updatedAt } = after;
    expect(after).toEqual({ ...before, severity: null, clinicalStatus: 'resolved', version: 2, updatedAt });
    expect((await change(before, { severity: 'mild' })).status).toBe(412);
    expect((await change({ ...before, id: patient.id }, {})).status).toBe(404);
  });

  it('that was an error stays one', async () => {
    const { body: allergy } = await record();
    const error = { verificationStatus: 'entered-in-error', statusReason: 'Another patient was meant' };
    const { body: wrong } = await change(allergy, error);
    expect(wrong).toMatchObject(error);
    expect(await change(wrong, { verificationStatus: 'confirmed' })).toMatchObject({
      status: 409,
      body: { code: 'allergy.entered-in-error' },
    });
    expect((await record()).status).toBe(201);
  });

  it('does not come back next to one that took its place', async () => {
    const { body: first } = await record();
    const { body: resolved } = await change(first, { clinicalStatus: 'resolved' });
    await record();
    expect(await change(resolved, { clinicalStatus: 'active' })).toMatchObject({
      status: 409,
      body: { code: 'allergy.duplicate' },
    });
  });

  it('of one patient is not found under another', async () => {
    const { body: allergy } = await record();
    patient = await register();
    expect((await change(allergy, { severity: 'mild' })).status).toBe(404);
  });
});
