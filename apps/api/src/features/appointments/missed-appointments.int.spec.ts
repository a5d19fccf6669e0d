import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { HospitalDatabase, hospitalRef, type Hospital } from '@hms/database';
import { createTestHospital, dropTestHospital } from '../../testing/test-hospital.js';
import { TestApi } from '../../testing/test-api.js';
import { Outbox } from '../../platform/events/outbox.service.js';
import { HospitalDirectory } from '../../platform/tenancy/hospital-directory.repository.js';
import { EachHospital } from '../../platform/tenancy/each-hospital.service.js';
import { rootLogger } from '../../platform/observability/observability.tokens.js';
import { uuidv7 } from 'uuidv7';
import { TestAppointments, type TestAppointment } from '../reminders/testing/test-appointments.js';
import { AppointmentMoves } from './appointment-moves.service.js';
import { AppointmentsRepository } from './appointments.repository.js';
import { MissedAppointmentsJob } from './missed-appointments.job.js';
import { MissedAppointmentsRepository, someMissed } from './missed-appointments.repository.js';

let api: TestApi;
let hospital: Hospital;
let clinic: TestAppointments;
let job: MissedAppointmentsJob;
let database: HospitalDatabase;

beforeAll(async () => {
  api = await TestApi.start();
  hospital = await createTestHospital();
  clinic = new TestAppointments(hospital);
  const { nest } = api.application;
  const here = { strict: false } as const;
  database = nest.get(HospitalDatabase, here);
  const outbox = nest.get(Outbox, here);
  const each = new EachHospital(nest.get(HospitalDirectory, here), database, nest.get(rootLogger, here));
  const appointments = new AppointmentsRepository();
  const moves = new AppointmentMoves(appointments, outbox);
  job = new MissedAppointmentsJob(database, each, new MissedAppointmentsRepository(), appointments, moves, outbox);
});
afterAll(async () => {
  await api.close();
  await dropTestHospital(hospital);
});

/** Whether the job would look at the hospital. */
const isLookedAt = async () => (await database.hospitalsWhere([hospitalRef(hospital)], someMissed)).length > 0;

/** Opened from the appointment. */
async function encounter({ id, patientId }: TestAppointment, status: 'planned' | 'arrived'): Promise<void> {
  const visitId = uuidv7();
  await clinic.query('insert into {schema}.visit (id, patient_id, opened_at, created_by) values ($1, $2, now(), $1)', [
    visitId,
    patientId,
  ]);
  await clinic.query(
    `insert into {schema}.encounter
       (id, patient_id, visit_id, appointment_id, class, status, started_at, created_by, updated_by)
     values ($1, $2, $1, $3, 'AMB', $4, case when $4 <> 'planned' then now() end, $1, $1)`,
    [visitId, patientId, id, status],
  );
}

it('an appointment nobody came to is called missed once the grace is over, once by several workers, and told of', async () => {
  const now = new Date();
  const minutesAgo = (minutes: number): Date => new Date(now.getTime() - minutes * 60_000);
  const [missed, awaited, here] = [
    await clinic.appointments(30, minutesAgo(16)),
    await clinic.appointment(minutesAgo(5)),
    await clinic.appointment(minutesAgo(60)),
  ];
  await clinic.query(`update {schema}.appointment set status = 'checked_in', updated_by = null where id = $1`, [
    here.id,
  ]);
  const [seen, planned] = [await clinic.appointment(minutesAgo(40)), await clinic.appointment(minutesAgo(50))];
  await encounter(seen, 'arrived');
  await encounter(planned, 'planned');
  expect(await isLookedAt()).toBe(true);
  await Promise.all(Array.from({ length: 3 }, () => job.sweep(hospital, now)));
  await job.sweep(hospital, now);
  expect(await isLookedAt()).toBe(false);
  const rows = await clinic.query<{ id: string; status: string }>('select id, status from {schema}.appointment');
  const statusOf = (id: string) => rows.find((row) => row.id === id)?.status;
  expect(missed.map(({ id }) => statusOf(id))).toEqual(Array(30).fill('no_show'));
  expect(statusOf(planned.id)).toBe('no_show');
  expect([awaited, here, seen].map(({ id }) => statusOf(id))).toEqual(['booked', 'checked_in', 'booked']);
  const told = await clinic.query<{ id: string }>(
    `select payload ->> 'id' as id from public.outbox_event where hospital_id = $1 and type = 'appointment.missed'`,
    [hospital.id],
  );
  expect(told.map(({ id }) => id).sort()).toEqual([...missed, planned].map(({ id }) => id).sort());
});
