import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Problem } from '@hms/contracts';
import type { Hospital } from '@hms/database';
import { TestApi, type TestCaller } from '../../testing/test-api.js';
import { createTestHospital, dropTestHospital } from '../../testing/test-hospital.js';
import type { PatientDto } from './patients.dto.js';

const nowhere = '01900000-0000-7000-8000-000000000000';
let api: TestApi;
let hospital: Hospital;
let other: Hospital;
let doctor: TestCaller;
let receptionist: TestCaller;
let admin: TestCaller;

beforeAll(async () => {
  api = await TestApi.start();
  [hospital, other] = [await createTestHospital(), await createTestHospital()];
  doctor = await api.signIn({ hospital, role: 'doctor' });
  receptionist = await api.signIn({ hospital, role: 'receptionist' });
  admin = await api.signIn({ hospital, role: 'hospital_admin' });
});

afterAll(async () => {
  await api.close();
  await Promise.all([hospital, other].map(dropTestHospital));
});

let people = 0;
const somebody = () => ({ familyName: 'Person', givenName: `Number ${String(++people)}` });

const post = <T = PatientDto>(payload: object, caller = doctor) =>
  api.send<T>({ method: 'POST', url: '/api/v1/patients', payload }, caller);
const get = <T = PatientDto>(id: string, caller = doctor) =>
  api.send<T>({ method: 'GET', url: `/api/v1/patients/${id}` }, caller);
const ifMatch = (version: number) => ({ 'if-match': `"${String(version)}"` });
const patch = <T = PatientDto>({ id, version }: { id: string; version: number }, payload: object, caller = doctor) =>
  api.send<T>({ method: 'PATCH', url: `/api/v1/patients/${id}`, headers: ifMatch(version), payload }, caller);
const remove = <T = PatientDto>({ id, version }: PatientDto, payload: object = { reason: 'Registered by mistake' }) =>
  api.send<T>({ method: 'DELETE', url: `/api/v1/patients/${id}`, headers: ifMatch(version), payload }, admin);
const restore = <T = PatientDto>({ id, version }: PatientDto) =>
  api.send<T>({ method: 'POST', url: `/api/v1/patients/${id}/restore`, headers: ifMatch(version) }, admin);
const registered = async (details: object = {}): Promise<PatientDto> =>
  (await post({ ...somebody(), ...details })).body;

describe('registering a patient', () => {
  it('answers the record as it was given, with a record number and an ETag', async () => {
    const given = {
      ...somebody(),
      birthDate: '1980-05-17',
      sexForClinicalUse: 'female',
      gender: 'female',
      bloodGroup: 'AB-',
      phone: '+353 86 123 4567',
      email: 'person@example.test',
      address: { line: '1 Quay Street', city: 'Galway', country: 'IE' },
      preferredLanguage: 'en-IE',
      deceasedAt: '2026-01-31T12:00:00+02:00',
      identifiers: [{ system: 'urn:test', value: 'A-1' }],
    };
    const { status, body, headers } = await post(given);
    expect(status).toBe(201);
    expect(body).toMatchObject({ ...given, deceasedAt: '2026-01-31T10:00:00.000Z', allergyStatus: 'not-asked' });
    expect(body.mrn).toMatch(/^\d{8}$/);
    expect(headers.etag).toBe('"1"');
    expect((await get(body.id)).body).toEqual(body);
  });

  it.each(['1980', '1980-05', '1980-05-17'])('keeps the birth date %s as precise as it is', async (birthDate) => {
    const patient = await registered({ birthDate });
    expect(patient.birthDate).toBe(birthDate);
    expect((await get(patient.id)).body.birthDate).toBe(birthDate);
  });

  it('gives 25 patients registered at once 25 numbers without a gap', async () => {
    const answers = await Promise.all(Array.from({ length: 25 }, () => post(somebody())));
    const numbers = answers.map(({ body }) => Number(body.mrn)).sort((a, b) => a - b);
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([201]));
    expect(numbers).toEqual(Array.from({ length: 25 }, (_, i) => numbers[0]! + i));
  });

  it.each([
    ['birthDate', { birthDate: '1981-02-29' }],
    ['birthDate', { birthDate: '2999' }],
    ['familyName', { familyName: '  ' }],
    ['familyName', { familyName: 'with\u0007bell' }],
    ['givenName', { givenName: null }],
    ['phone', { phone: 'call me' }],
    ['deceasedAt', { deceasedAt: '2024-12-31T23:59:60Z' }],
    ['deceasedAt', { deceasedAt: '2024-12-31T23:59:00' }],
    ['deceasedAt', { deceasedAt: '2999-12-31T23:59:00Z' }],
    ['deceasedAt', { deceasedAt: '0000-01-01T00:00:00Z' }],
    ['address.city', { address: { city: 'with\u0007bell' } }],
    ['identifiers.0', { identifiers: [null] }],
    ['identifiers.0.value', { identifiers: [{ system: 'urn:test' }] }],
    ['mrn', { mrn: '1' }],
    ['allergyStatus', { allergyStatus: 'none-known' }],
  ])('names %s as the field to change in %j', async (field, wrong) => {
    const { status, body } = await post<Problem>({ ...somebody(), ...wrong });
    expect({ status, fields: body.errors?.map((e) => e.field) }).toMatchObject({ status: 422 });
    expect(body.errors?.map((e) => e.field)).toContain(field);
  });

  it.each([{ familyName: 'with\0nul' }, { address: { city: 'with\0nul' } }])(
    'stops at the wall, before any field is looked at, with %j',
    async (wrong) => {
      const answer = await post<Problem>({ ...somebody(), ...wrong });
      expect(answer).toMatchObject({ status: 400, body: { code: 'request.malformed' } });
    },
  );

  it('never gives two patients the same identifier of one system', async () => {
    const identifiers = [{ system: 'urn:test', value: 'taken' }];
    await registered({ identifiers });
    expect(await post({ ...somebody(), identifiers })).toMatchObject({
      status: 409,
      body: { code: 'patient.identifier-taken' },
    });
  });
});

describe('a namesake born on the same day', () => {
  it('is refused with candidates until a person says it is somebody else', async () => {
    const known = await registered({ familyName: 'Ní Bhriain', givenName: 'Áine', birthDate: '1990-01-02' });
    const again = { familyName: 'NI  BHRIAIN', givenName: 'aine', birthDate: '1990-01-02' };
    const { id, mrn, familyName, givenName, birthDate } = known;
    expect(await post(again)).toMatchObject({
      status: 409,
      body: { code: 'patient.possible-duplicate', candidates: [{ id, mrn, familyName, givenName, birthDate }] },
    });
    expect((await post({ ...again, confirmDuplicate: true })).status).toBe(201);
    expect((await post({ ...again, birthDate: '1990-01-03' })).status).toBe(201);
  });

  it('is registered once when two desks register it at the same time', async () => {
    const twin = { ...somebody(), birthDate: '1991' };
    const answers = await Promise.all(Array.from({ length: 10 }, () => post(twin)));
    expect(answers.map(({ status }) => status).sort()).toEqual([201, ...Array<number>(9).fill(409)]);
  });
});

describe('updating a patient', () => {
  it('changes what is named, clears what is null and leaves the rest', async () => {
    const before = await registered({ phone: '+353 1 234', email: 'a@example.test', birthDate: '1980' });
    const { status, body } = await patch(before, { phone: null, birthDate: '1980-05', familyName: 'Other' });
    expect(status).toBe(200);
    const { updatedAt } = body;
    expect(body).toEqual({ ...before, phone: null, birthDate: '1980-05', familyName: 'Other', version: 2, updatedAt });
    expect((await patch(body, { birthDate: null })).body.birthDate).toBeNull();
  });

  it('replaces identifiers as a set and frees those that ended', async () => {
    const [a, b, c] = ['a', 'b', 'c'].map((value) => ({ system: 'urn:set', value }));
    const before = await registered({ identifiers: [a, b] });
    const { body } = await patch(before, { identifiers: [b, c] });
    expect(body.identifiers).toEqual([b, c]);
    expect((await post({ ...somebody(), identifiers: [a] })).status).toBe(201);
  });

  it('needs If-Match, and the version that is there', async () => {
    const patient = await registered();
    const url = `/api/v1/patients/${patient.id}`;
    expect(await api.send({ method: 'PATCH', url, payload: {} }, doctor)).toMatchObject({ status: 428 });
    expect(await patch({ ...patient, version: 7 }, { phone: null })).toMatchObject({ status: 412 });
    expect(await patch({ id: nowhere, version: 1 }, { phone: null })).toMatchObject({ status: 404 });
  });

  it('lets exactly one of 20 writers of the same version win', async () => {
    const patient = await registered();
    const answers = await Promise.all(
      Array.from({ length: 20 }, (_, i) => patch(patient, { phone: `+353 1 000 ${String(i).padStart(4, '0')}` })),
    );
    expect(answers.map(({ status }) => status).sort()).toEqual([200, ...Array<number>(19).fill(412)]);
    const winner = answers.find(({ status }) => status === 200);
    expect((await get(patient.id)).body).toEqual(winner?.body);
  });
});

describe('the front desk', () => {
  it('is given no clinical field, in any answer', async () => {
    const { id, version } = await registered({ bloodGroup: 'O+' });
    const list = await api.send<{ items: PatientDto[] }>({ method: 'GET', url: '/api/v1/patients' }, receptionist);
    const answers = [
      (await get(id, receptionist)).body,
      (await patch({ id, version }, { phone: null }, receptionist)).body,
      (await post(somebody(), receptionist)).body,
      ...list.body.items,
    ];
    for (const answer of answers) {
      expect(answer).not.toHaveProperty('bloodGroup');
      expect(answer).not.toHaveProperty('allergyStatus');
    }
    expect((await get(id)).body).toMatchObject({ bloodGroup: 'O+', allergyStatus: 'not-asked' });
  });

  it('cannot write one either', async () => {
    expect(await post({ ...somebody(), bloodGroup: 'O+' }, receptionist)).toMatchObject({
      status: 403,
      body: { code: 'auth.forbidden', errors: [{ field: 'bloodGroup' }] },
    });
  });
});

describe('a deleted patient', () => {
  it('is gone for everybody but those who can restore it', async () => {
    const patient = await registered();
    const { status, body } = await remove(patient);
    expect(status).toBe(200);
    expect(body).toMatchObject({ deletedReason: 'Registered by mistake', version: 2 });
    expect((await get(patient.id)).status).toBe(404);
    expect((await patch(body, { phone: null })).status).toBe(404);
    expect((await get(patient.id, admin)).body).toMatchObject({ deletedAt: body.deletedAt });
  });

  it('needs a reason', async () => {
    const patient = await registered();
    expect(await remove<Problem>(patient, {})).toMatchObject({ status: 422, body: { errors: [{ field: 'reason' }] } });
    expect((await get(patient.id)).status).toBe(200);
  });

  it('comes back with what it had, once', async () => {
    const patient = await registered({ identifiers: [{ system: 'urn:test', value: 'back' }] });
    const { body: deleted } = await remove(patient);
    const { body: restored } = await restore(deleted);
    const { updatedAt } = restored;
    expect({ ...restored, ...{ allergyStatus: 'not-asked', bloodGroup: null } }).toEqual({
      ...patient,
      version: 3,
      updatedAt,
    });
    expect(await restore(restored)).toMatchObject({ status: 409, body: { code: 'patient.not-deleted' } });
  });

  it('frees its identifiers, and does not come back over whoever has them now', async () => {
    const identifiers = [{ system: 'urn:test', value: 'moved' }];
    const { body: deleted } = await remove(await registered({ identifiers }));
    expect((await post({ ...somebody(), identifiers })).status).toBe(201);
    expect(await restore(deleted)).toMatchObject({ status: 409, body: { code: 'patient.identifier-taken' } });
  });

  it('cannot be deleted or restored from an older version', async () => {
    const patient = await registered();
    const { body: deleted } = await remove(patient);
    expect((await restore(patient)).status).toBe(412);
    expect((await remove(deleted)).status).toBe(404);
  });
});

describe('the id of another hospital’s patient', () => {
  it('is answered byte for byte like one that does not exist', async () => {
    const { id } = await registered();
    const stranger = await api.send({ method: 'GET', url: `/api/v1/patients/${id}` });
    expect(stranger.status).toBe(401);
    const outsider = await api.signIn({ hospital: other, role: 'hospital_admin' });
    const headers = { ...ifMatch(1), 'x-request-id': 'same-request' };
    const ask = async (method: 'GET' | 'PATCH' | 'DELETE', patientId: string, path = '') => {
      const payload = method === 'GET' ? {} : { payload: method === 'DELETE' ? { reason: 'none' } : { phone: null } };
      const url = `/api/v1/patients/${patientId}${path}`;
      const answer = await api.send({ method, url, headers, ...payload }, outsider);
      // What is left of a quota counts requests, whatever they ask for.
      const shown = { ...answer.headers, date: '', ratelimit: '', 'ratelimit-policy': '' };
      return JSON.stringify([answer.status, answer.body, shown]);
    };
    expect(await ask('GET', id)).toBe(await ask('GET', nowhere));
    expect(await ask('GET', id, '/history')).toBe(await ask('GET', nowhere, '/history'));
    expect(await ask('PATCH', id)).toBe(await ask('PATCH', nowhere));
    expect(await ask('DELETE', id)).toBe(await ask('DELETE', nowhere));
    expect((await get(id)).status).toBe(200);
  });

  it.each(['x', '1', '%00', '01900000-0000-7000-8000-00000000000g'])('as is %j, which is no id', async (id) => {
    expect((await get(id)).status).toBe(404);
  });
});

describe('a patient', () => {
  it('reads its own record as a whole, and nobody else’s', async () => {
    const mine = await registered({ bloodGroup: 'A+' });
    const theirs = await registered();
    const patient = await api.signIn({ hospital, role: 'patient', patientId: mine.id });
    const own = await api.send<PatientDto>({ method: 'GET', url: '/api/v1/me/patient' }, patient);
    expect(own).toMatchObject({ status: 200, body: mine });
    expect((await get(theirs.id, patient)).status).toBe(403);
    expect((await get(mine.id, patient)).status).toBe(403);
  });
});
