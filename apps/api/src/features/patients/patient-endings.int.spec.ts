import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { schemaOf, type Hospital } from '@hms/database';
import { TestApi, type TestCaller } from '../../testing/test-api.js';
import { asOwner, createTestHospital, dropTestHospital } from '../../testing/test-hospital.js';
import { untilBlocking } from '../../testing/while-held.js';
import type { AppointmentDto } from '../appointments/appointments.dto.js';
import type { QueueTokenDto } from '../appointments/queue/queue-tokens.dto.js';
import { at, FrontDesk, type Refusal } from '../appointments/testing/front-desk.js';
import { TestClinic } from '../appointments/testing/test-clinic.js';
import type { WaitlistEntryDto } from '../appointments/waitlist/waitlist.dto.js';
import { TestStays } from '../inpatient/testing/test-stays.js';
import type { PatientDto } from './patients.dto.js';

let api: TestApi;
let hospital: Hospital;
let clinic: TestClinic;
let desk: FrontDesk;
let admin: TestCaller;
let doctor: TestCaller;
let stays: TestStays;

beforeAll(async () => {
  api = await TestApi.start();
  hospital = await createTestHospital();
  clinic = new TestClinic(hospital);
  desk = new FrontDesk(api, clinic, await api.signIn({ hospital, role: 'receptionist' }));
  admin = await api.signIn({ hospital, role: 'hospital_admin' });
  doctor = await api.signIn({ hospital, role: 'doctor' });
  stays = new TestStays(api, hospital, doctor);
});

afterAll(async () => {
  await api.close();
  await dropTestHospital(hospital);
});

const remove = <T = PatientDto>(id: string) =>
  desk.request<T>(
    'DELETE',
    `/patients/${id}`,
    { reason: 'Registered twice' },
    { caller: admin, headers: { 'if-match': '"1"' } },
  );
const die = (id: string) =>
  desk.request<PatientDto>(
    'PATCH',
    `/patients/${id}`,
    { deceasedAt: '2026-01-01T10:00:00Z' },
    { caller: doctor, headers: { 'if-match': '"1"' } },
  );

describe.each([
  ['a patient whose record is deleted', remove, 'The record of the patient was deleted'],
  ['a patient who died', die, 'The patient died'],
])('%s', (_, end, reason) => {
  it('is awaited no more: not at appointments, in queues or on waitlists; what began or is over stays', async () => {
    const { siteId, what } = await clinic.clinic();
    const patientId = await clinic.patient();
    const book = async (n: number, more: object = {}): Promise<AppointmentDto> =>
      (await desk.book({ ...what, patientId, start: at(n), ...more })).body;
    const [booked, held, came, began, over] = [
      await book(0),
      await book(1, { hold: true }),
      await book(2),
      await book(3),
      await book(4),
    ];
    await desk.setStatus(came.id, { status: 'checked_in' });
    await desk.setStatus(began.id, { status: 'checked_in' });
    await desk.setStatus(began.id, { status: 'in_progress' }, doctor);
    await desk.setStatus(over.id, { status: 'cancelled', reason: 'Feels better' });
    const walkIn = (
      await desk.request<QueueTokenDto>('POST', '/queue-tokens', { siteId, serviceId: what.serviceId, patientId })
    ).body;
    const wish = { serviceId: what.serviceId, patientId, from: at(20), to: at(30) };
    const entry = (await desk.request<WaitlistEntryDto>('POST', '/waitlist', wish)).body;

    expect((await end(patientId)).status).toBe(200);

    const states = await clinic.query<{ id: string; status: string; status_reason: string | null }>(
      'select id, status, status_reason from {schema}.appointment where patient_id = $1 order by id',
      [patientId],
    );
    expect(states.map((row) => [row.id, row.status, row.status_reason])).toEqual([
      [booked.id, 'cancelled', reason],
      [held.id, 'cancelled', reason],
      [came.id, 'cancelled', reason],
      [began.id, 'in_progress', null],
      [over.id, 'cancelled', 'Feels better'],
    ]);
    const tokens = await clinic.query<{ status: string }>(
      'select status from {schema}.queue_token where patient_id = $1 order by number',
      [patientId],
    );
    expect(tokens.map(({ status }) => status)).toEqual(['left', 'done', 'left']);
    const told = await clinic.query<{ event: string }>(
      `select type || ' ' || (payload ->> 'id') as event from public.outbox_event
        where payload ->> 'id' = any ($1) and type in ('appointment.cancelled', 'waitlist.left')
           or payload ->> 'id' = $2 and payload ->> 'version' = '2' order by id`,
      [[booked.id, held.id, came.id, began.id, entry.id], walkIn.id],
    );
    expect(told.map(({ event }) => event).sort()).toEqual(
      [
        ...[booked, held, came].map(({ id }) => `appointment.cancelled ${id}`),
        `queue-token.changed ${walkIn.id}`,
        `waitlist.left ${entry.id}`,
      ].sort(),
    );
    const audited = await clinic.query<{ entity: string }>(
      `select entity from {schema}.audit_event
        where action = 'update' and $1 = any (patient_ids) and entity in ('queue-token', 'waitlist-entry')
          and operation like '%/patients/%'`,
      [patientId],
    );
    expect(audited.map(({ entity }) => entity).sort()).toEqual(['queue-token', 'waitlist-entry']);
    // Their time is free again.
    expect((await desk.book({ ...what, patientId: await clinic.patient(), start: at(0) })).status).toBe(201);
  });
});

it('nobody books for a patient whose record is being deleted, or what they booked is cancelled with it', async () => {
  const { what } = await clinic.clinic();
  const patients = await Promise.all(Array.from({ length: 12 }, () => clinic.patient()));
  const outcomes = await Promise.all(
    patients.map(async (patientId, n) => {
      const [{ status }] = await Promise.all([desk.book({ ...what, patientId, start: at(n) }), remove(patientId)]);
      return status;
    }),
  );
  expect(outcomes.filter((status) => status !== 201 && status !== 422)).toEqual([]);
  const left = await clinic.query<{ n: number }>(
    `select count(*)::int as n from {schema}.appointment where patient_id = any ($1) and status <> 'cancelled'`,
    [patients],
  );
  expect(left).toEqual([{ n: 0 }]);
});

describe('a patient who died', () => {
  it('is booked for no more: not by who waited for the news either, in no queue and on no waitlist', async () => {
    const { siteId, what } = await clinic.clinic();
    const patientId = await clinic.patient();
    const late = await asOwner(async (owner) => {
      await owner.query('begin');
      await owner.query(`update ${schemaOf(hospital.slug)}.patient set deceased_at = now() where id = $1`, [patientId]);
      const booking = desk.book<Refusal>({ ...what, patientId, start: at(0) });
      await untilBlocking(owner);
      await owner.query('commit');
      return booking;
    });
    const { serviceId } = what;
    const refusals = [
      late,
      await desk.request<Refusal>('POST', '/queue-tokens', { siteId, serviceId, patientId }),
      await desk.request<Refusal>('POST', '/waitlist', { serviceId, patientId, from: at(20), to: at(30) }),
    ];
    expect(refusals.map(({ status, body }) => [status, body.code])).toEqual(
      Array(3).fill([409, 'appointment.patient-deceased']),
    );
    expect((await desk.book({ ...what, patientId: await clinic.patient(), start: at(0) })).status).toBe(201);
  });

  it('is awaited by nobody, whoever wrote it down', async () => {
    const { id, patientId } = await desk.booked();
    await clinic.query('update {schema}.patient set deceased_at = now() where id = $1', [patientId]);
    expect((await desk.request<AppointmentDto>('GET', `/appointments/${id}`)).body).toMatchObject({
      status: 'cancelled',
      statusReason: 'The patient died',
    });
    expect(await desk.events(id)).toEqual(['appointment.booked 1', 'appointment.cancelled 2']);
  });

  it('is awaited again when that was a mistake, by who books anew', async () => {
    const { id, patientId, what } = await desk.booked();
    await die(patientId);
    const alive = { caller: doctor, headers: { 'if-match': '"2"' } };
    expect((await desk.request('PATCH', `/patients/${patientId}`, { deceasedAt: null }, alive)).status).toBe(200);
    expect((await desk.request<AppointmentDto>('GET', `/appointments/${id}`)).body.status).toBe('cancelled');
    expect((await desk.book({ ...what, patientId, start: at(0) })).status).toBe(201);
  });
});

describe('the record of an inpatient', () => {
  it('is deleted once they left, or were wanted by no ward any more', async () => {
    const ward = await stays.wards.ward();
    const { id, patientId } = await stays.requested(ward);
    expect(await remove<Refusal>(patientId)).toMatchObject({ status: 409, body: { code: 'patient.admitted' } });
    await stays.act(id, 'cancel', { reason: 'Went home' });
    expect((await remove(patientId)).status).toBe(200);
  });

  it('is there for whoever is admitted, also when both are asked for at once', async () => {
    const ward = await stays.wards.ward();
    const patients = await Promise.all(Array.from({ length: 12 }, () => clinic.patient()));
    const outcomes = await Promise.all(
      patients.map(async (patientId) => {
        const asked = { patientId, wardId: ward, source: 'emd', urgency: 'emergency', reason: 'Pneumonia' };
        const [admitted, removed] = await Promise.all([stays.request('POST', '/admissions', asked), remove(patientId)]);
        return `${String(admitted.status)} ${String(removed.status)}`;
      }),
    );
    expect(outcomes.filter((each) => !['201 409', '404 200'].includes(each))).toEqual([]);
  });
});
