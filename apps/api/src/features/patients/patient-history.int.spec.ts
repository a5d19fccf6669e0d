import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Permission } from '@hms/contracts';
import type { Hospital } from '@hms/database';
import { TestApi, type TestCaller } from '../../testing/test-api.js';
import { createTestHospital, dropTestHospital } from '../../testing/test-hospital.js';
import { FrontDesk } from '../appointments/testing/front-desk.js';
import { TestClinic } from '../appointments/testing/test-clinic.js';
import type { HistoryPageDto } from './patient-history.dto.js';
import { shownEntities } from './patient-history.policy.js';
import type { PatientDto } from './patients.dto.js';

let api: TestApi;
let hospital: Hospital;
let doctor: TestCaller;
let nurse: TestCaller;
let admin: TestCaller;
let patient: PatientDto;

const url = (path = ''): string => `/api/v1/patients/${patient.id}${path}`;
const headers = (version: number) => ({ 'if-match': `"${String(version)}"` });
const history = (caller: TestCaller, query: Record<string, string> = {}) =>
  api.send<HistoryPageDto>({ method: 'GET', url: url('/history'), query }, caller);

beforeAll(async () => {
  api = await TestApi.start();
  hospital = await createTestHospital();
  doctor = await api.signIn({ hospital, role: 'doctor' });
  nurse = await api.signIn({ hospital, role: 'nurse' });
  admin = await api.signIn({ hospital, role: 'hospital_admin' });
  const details = { familyName: 'Byrne', givenName: 'Una', birthDate: '1980', bloodGroup: 'A+' };
  patient = (await api.send<PatientDto>({ method: 'POST', url: '/api/v1/patients', payload: details }, doctor)).body;
  const patch = (version: number, payload: object, caller: TestCaller) =>
    api.send({ method: 'PATCH', url: url(), headers: headers(version), payload }, caller);
  await patch(1, { phone: '+353 1 234 5678', birthDate: '1980-05', preferredLanguage: 'ga' }, nurse);
  await patch(2, { bloodGroup: 'O-' }, doctor);
  const allergy = { substance: 'Penicillin', category: 'medication' };
  await api.send({ method: 'POST', url: url('/allergies'), payload: allergy }, doctor);
  await api.send({ method: 'DELETE', url: url(), headers: headers(4), payload: { reason: 'twice' } }, admin);
  await api.send({ method: 'POST', url: url('/restore'), headers: headers(5) }, admin);
});

afterAll(async () => {
  await api.close();
  await dropTestHospital(hospital);
});

describe('the history of a patient', () => {
  it('says who changed what from what to what, the newest first, by the names the API uses', async () => {
    const { status, body } = await history(doctor);
    expect(status).toBe(200);
    expect(body.nextCursor).toBeNull();
    const from = (value: unknown, to: unknown) => ({ from: value, to });
    const deletedAt = expect.any(String) as unknown;
    expect(
      body.items.map(({ entity, version, action, actor, changes }) => [entity, version, action, actor.id, changes]),
    ).toMatchObject([
      ['patient', 6, 'update', admin.id, { deletedAt: from(deletedAt, null), deletedReason: from('twice', null) }],
      ['patient', 5, 'delete', admin.id, { deletedAt: from(null, deletedAt), deletedReason: from(null, 'twice') }],
      ['allergy', 1, 'create', doctor.id, { substance: from(null, 'Penicillin') }],
      ['patient', 4, 'update', doctor.id, { allergyStatus: from('not-asked', 'recorded') }],
      ['patient', 3, 'update', doctor.id, { bloodGroup: from('A+', 'O-') }],
      ['patient', 2, 'update', nurse.id, { phone: from(null, '+353 1 234 5678') }],
      ['patient', 1, 'create', doctor.id, { familyName: from(null, 'Byrne'), bloodGroup: from(null, 'A+') }],
    ]);
    const second = body.items.find(({ version, entity }) => version === 2 && entity === 'patient');
    expect(second?.actor.displayName).toBe('Test nurse');
    expect(Object.keys(second?.changes ?? {}).sort()).toEqual([
      'birthDate',
      'birthDatePrecision',
      'phone',
      'preferredLanguage',
    ]);
  });

  it('shows nothing clinical to somebody who may not read allergies', async () => {
    const { body } = await history(admin);
    expect(body.items.map(({ entity, version }) => [entity, version])).toEqual([
      ['patient', 6],
      ['patient', 5],
      ['patient', 2],
      ['patient', 1],
    ]);
    expect(JSON.stringify(body)).not.toMatch(/blood|allergy|penicillin/i);
  });

  it('names who gave the patient an identifier, and who ended it', async () => {
    const { body: created } = await api.send<PatientDto>(
      {
        method: 'POST',
        url: '/api/v1/patients',
        payload: { familyName: 'Daly', givenName: 'Eoin', identifiers: [{ system: 'urn:test', value: 'H-1' }] },
      },
      doctor,
    );
    const path = `/api/v1/patients/${created.id}`;
    const payload = { identifiers: [{ system: 'urn:test', value: 'H-2' }] };
    await api.send({ method: 'PATCH', url: path, headers: headers(1), payload }, nurse);
    await api.send({ method: 'DELETE', url: path, headers: headers(2), payload: { reason: 'twice' } }, admin);
    await api.send({ method: 'POST', url: `${path}/restore`, headers: headers(3) }, admin);
    const { body } = await api.send<HistoryPageDto>({ method: 'GET', url: `${path}/history` }, admin);
    const time = expect.any(String) as unknown;
    expect(
      body.items
        .filter(({ entity }) => entity === 'patient-identifier')
        .map(({ version, action, actor, changes }) => [version, action, actor.id, changes]),
    ).toEqual([
      [3, 'update', admin.id, { endedAt: { from: time, to: null } }],
      [2, 'update', admin.id, { endedAt: { from: null, to: time } }],
      [1, 'create', nurse.id, { system: { from: null, to: 'urn:test' }, value: { from: null, to: 'H-2' } }],
      [2, 'update', nurse.id, { endedAt: { from: null, to: time } }],
      [1, 'create', doctor.id, { system: { from: null, to: 'urn:test' }, value: { from: null, to: 'H-1' } }],
    ]);
  });

  it('has what was written with an appointment, for those who may read appointments', async () => {
    const clinic = new TestClinic(hospital);
    const receptionist = await api.signIn({ hospital, role: 'receptionist' });
    const desk = new FrontDesk(api, clinic, receptionist);
    const { id, patientId } = await desk.booked({ reason: 'Cough' });
    await desk.change(id, { reason: 'Cough and fever' });
    const entries = await api.send<HistoryPageDto>(
      { method: 'GET', url: `/api/v1/patients/${patientId}/history` },
      nurse,
    );
    expect(entries.body.items.filter(({ entity }) => entity === 'appointment')).toMatchObject([
      {
        entityId: id,
        version: 2,
        action: 'update',
        actor: { id: receptionist.id },
        changes: { reason: { from: 'Cough', to: 'Cough and fever' } },
      },
    ]);
    expect(shownEntities({ permissions: new Set<Permission>(['patient:history']) })).not.toContain('appointment');
  });

  it('is paged without a gap', async () => {
    const whole = (await history(doctor)).body.items;
    const paged = [];
    for (let cursor: string | null | undefined; cursor !== null;) {
      const { body }: { body: HistoryPageDto } = await history(doctor, { limit: '2', ...(cursor ? { cursor } : {}) });
      paged.push(...body.items);
      cursor = body.nextCursor;
    }
    expect(paged).toEqual(whole);
  });

  it('is not for the front desk', async () => {
    expect((await history(await api.signIn({ hospital, role: 'receptionist' }))).status).toBe(403);
  });
});
