import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { HospitalDatabase, schemaSql, type Hospital, type TenantTx } from '@hms/database';
import { Registry } from '@hms/service-kit';
import { Outbox } from '../../platform/events/outbox.service.js';
import { rootLogger } from '../../platform/observability/observability.tokens.js';
import { TestApi, type TestCaller } from '../../testing/test-api.js';
import { createTestHospital, dropTestHospital } from '../../testing/test-hospital.js';
import { until } from '../../testing/until.js';
import type { AppointmentDto } from '../appointments/appointments.dto.js';
import { SmsSender } from '../notifications/delivery/sms-sender.js';
import { Notifier } from '../notifications/planning/notifier.service.js';
import { TwilioClient } from '../notifications/providers/twilio.client.js';
import { FakeTwilio } from '../notifications/testing/fake-twilio.js';
import { AgendaOf, sweepOf } from '../notifications/testing/sweeping.js';
import { ReminderSweep } from './reminder-sweep.service.js';
import { RemindersRepository, type DueReminder } from './reminders.repository.js';
import { TestAppointments, type TestAppointment } from './testing/test-appointments.js';

/* The worker of the stack plans and tells too: what is claimed here is claimed of both together. */

const twilio = new FakeTwilio();
let api: TestApi;
let hospital: Hospital;
let clinic: TestAppointments;
let receptionist: TestCaller;
let database: HospitalDatabase;

beforeAll(async () => {
  await twilio.start();
  api = await TestApi.start();
  hospital = await createTestHospital();
  clinic = new TestAppointments(hospital);
  receptionist = await api.signIn({ hospital, role: 'receptionist' });
  database = api.application.nest.get(HospitalDatabase, { strict: false });
  await clinic.query(
    `update {schema}.notification_settings
        set quiet_until = quiet_from, channels = '{in-app,sms}', per_minute = 100000`,
  );
});
afterAll(async () => {
  await api.close();
  await dropTestHospital(hospital);
  await twilio.stop();
});

const hours = (n: number): Date => new Date(Date.now() + n * 3_600_000);
const reconcile = (id: string) => database.inHospital(hospital, (tx) => new RemindersRepository().reconcile(tx, id));
const sweepWith = (reminders = new RemindersRepository()) => {
  const { nest } = api.application;
  const here = { strict: false } as const;
  return new ReminderSweep(
    database,
    new AgendaOf(database, hospital),
    reminders,
    nest.get(Notifier, here),
    nest.get(Outbox, here),
    nest.get(rootLogger, here),
    new Registry(),
  );
};
const publicUrl = process.env['PUBLIC_URL'] ?? '';
const sms = () => new SmsSender(new TwilioClient(twilio.account), publicUrl);
/** All that is due is told, and all that is told is sent. */
async function tell(of: readonly TestAppointment[]): Promise<void> {
  await until(async () => {
    await sweepWith().run();
    return (await clinic.query(`select from {schema}.reminder where due_at <= now()`)).length === 0;
  });
  while (await sweepOf(api.application.nest, hospital).run(sms()));
  await until(async () => {
    const waiting = await clinic.query(
      `select from {schema}.notification_delivery d join {schema}.notification n on n.id = d.notification_id
        where n.patient_id = any ($1) and d.due_at is not null`,
      [of.map(({ patientId }) => patientId)],
    );
    return waiting.length === 0;
  });
}
const received = (of: readonly TestAppointment[]): number[] => of.map(({ phone }) => twilio.to(phone).length);
const setStatus = (id: string, status: string) =>
  clinic.query('update {schema}.appointment set status = $2, updated_by = null where id = $1', [id, status]);

describe('the reminders of an appointment', () => {
  it.each([
    [
      'in winter',
      '2037-01-14T15:00:00Z',
      ['2037-01-11T15:00:00.000Z', '2037-01-13T15:00:00.000Z', '2037-01-14T13:00:00.000Z'],
    ],
    // Clocks go forward on the 8th, back on November 1st: the day before has 23 or 25 hours.
    [
      'after clocks went forward',
      '2037-03-09T13:00:00Z',
      ['2037-03-06T14:00:00.000Z', '2037-03-08T13:00:00.000Z', '2037-03-09T11:00:00.000Z'],
    ],
    [
      'the day clocks went forward',
      '2037-03-08T13:00:00Z',
      ['2037-03-05T14:00:00.000Z', '2037-03-07T14:00:00.000Z', '2037-03-08T11:00:00.000Z'],
    ],
    [
      'the day clocks went back',
      '2037-11-01T14:00:00Z',
      ['2037-10-29T13:00:00.000Z', '2037-10-31T13:00:00.000Z', '2037-11-01T12:00:00.000Z'],
    ],
  ])(
    '%s are due three days and one before, at its time on the clock there, and two hours before',
    async (_, start, due) => {
      const { id } = await clinic.appointment(start, 'America/New_York');
      await reconcile(id);
      expect((await clinic.reminders(id)).map((each) => each.due?.toISOString())).toEqual(due);
    },
  );

  it('are only those still to come, and the same however often they are planned', async () => {
    const { id } = await clinic.appointment(hours(30));
    for (let i = 0; i < 2; i += 1) await reconcile(id);
    await setStatus(id, 'confirmed');
    await reconcile(id);
    expect((await clinic.reminders(id)).map(({ rule, status }) => `${rule} ${status}`)).toEqual([
      '24h pending',
      '2h pending',
    ]);
  });

  it('follow it when it is booked, rescheduled and cancelled', async () => {
    const { what } = await clinic.clinic();
    const { patientId } = await clinic.appointment(hours(1));
    const start = new Date(Math.ceil((Date.now() + 10 * 24 * 3_600_000) / 3_600_000) * 3_600_000);
    const url = '/api/v1/appointments';
    const payload = { patientId, ...what, start: start.toISOString() };
    const booked = await api.send<AppointmentDto>({ method: 'POST', url, payload }, receptionist);
    expect(booked.status).toBe(201);
    const states = async (id: string) => (await clinic.reminders(id)).map(({ status }) => status);
    await until(async () => (await states(booked.body.id)).join() === 'pending,pending,pending');
    const later = new Date(start.getTime() + 24 * 3_600_000).toISOString();
    const moved = await api.send<AppointmentDto>(
      { method: 'PUT', url: `${url}/${booked.body.id}`, payload: { start: later } },
      receptionist,
    );
    expect(moved.status).toBe(200);
    expect(moved.body.id).not.toBe(booked.body.id);
    await until(async () => (await states(booked.body.id)).join() === 'cancelled,cancelled,cancelled');
    await until(async () => (await states(moved.body.id)).join() === 'pending,pending,pending');
    await api.send({ method: 'DELETE', url: `${url}/${moved.body.id}` }, receptionist);
    await until(async () => (await states(moved.body.id)).join() === 'cancelled,cancelled,cancelled');
  });
});

describe('a reminder that is due', () => {
  it('is sent once, and says on a locked screen nothing of what it is about', async () => {
    const appointment = await clinic.appointment(hours(24));
    await clinic.due([appointment]);
    await tell([appointment]);
    const [text, ...others] = twilio.to(appointment.phone).map(({ body }) => body);
    expect(others).toEqual([]);
    expect(text).toMatch(new RegExp(`^${hospital.name}: a reminder for you: ${publicUrl}/n/[\\w-]{22}$`));
    expect((await clinic.reminders(appointment.id))[0]).toMatchObject({ status: 'sent' });
  });

  it('is not sent when the patient is not to come any more, though nobody has heard of it yet', async () => {
    const appointment = await clinic.appointment(hours(24));
    await clinic.due([appointment]);
    await setStatus(appointment.id, 'cancelled');
    await tell([appointment]);
    expect(received([appointment])).toEqual([0]);
    expect((await clinic.reminders(appointment.id))[0]).toMatchObject({ status: 'cancelled' });
  });

  it('is not sent once the appointment has begun', async () => {
    const appointment = await clinic.appointment(new Date(Date.now() - 60_000));
    await clinic.due([appointment], '2h');
    await tell([appointment]);
    expect(received([appointment])).toEqual([0]);
    expect((await clinic.reminders(appointment.id))[0]).toMatchObject({ status: 'cancelled' });
  });

  it('that is held back is not sent once its appointment is cancelled, whether anybody has heard of it yet or not', async () => {
    const appointments = await clinic.appointments(2, hours(24));
    const [heard, unheard] = appointments;
    if (!heard || !unheard) throw new Error('no appointments were made');
    const hold = (until: string) =>
      clinic.query(
        `update {schema}.notification_delivery d set due_at = now() + $2::interval from {schema}.notification n
          where n.id = d.notification_id and n.patient_id = any ($1) and d.due_at is not null`,
        [appointments.map(({ patientId }) => patientId), until],
      );
    await clinic.query(`update {schema}.notification_settings set quiet_from = '00:00', quiet_until = '23:59'`);
    await clinic.due(appointments, '2h');
    await until(async () => {
      await sweepWith().run();
      return (await clinic.query(`select from {schema}.reminder where due_at <= now()`)).length === 0;
    });
    await clinic.query(`update {schema}.notification_settings set quiet_until = quiet_from`);
    await hold('1 hour');
    for (const { id } of appointments) await setStatus(id, 'cancelled');
    await reconcile(heard.id);
    await hold('0');
    await tell(appointments);
    expect(received(appointments)).toEqual([0, 0]);
    const ended = await clinic.query<{ status: string; error: string }>(
      `select d.status, d.error from {schema}.notification_delivery d
         join {schema}.notification n on n.id = d.notification_id where n.patient_id = any ($1)`,
      [appointments.map(({ patientId }) => patientId)],
    );
    expect(ended).toEqual(Array(2).fill({ status: 'cancelled', error: 'appointment.changed' }));
  });

  it('is the last one of several that nobody could send for a while', async () => {
    const appointment = await clinic.appointment(hours(1));
    await clinic.query(
      `insert into {schema}.reminder (id, appointment_id, appointment_version, rule, due_at)
       select public.uuid_v7(), $1, 1, rule, now() - before
         from (values ('72h', interval '3 hours'), ('24h', interval '2 hours'), ('2h', interval '1 hour')) as r (rule, before)`,
      [appointment.id],
    );
    await tell([appointment]);
    expect(received([appointment])).toEqual([1]);
    expect((await clinic.reminders(appointment.id)).map(({ status }) => status)).toEqual([
      'skipped',
      'skipped',
      'sent',
    ]);
  });

  it('waits for whoever changes its appointment, and then goes by what they did', async () => {
    const appointment = await clinic.appointment(hours(24));
    await database.inHospital(hospital, async (tx) => {
      const schema = schemaSql(hospital);
      await tx.$executeRaw`update ${schema}.appointment set status = 'cancelled', updated_by = null
                            where id = ${appointment.id}::uuid`;
      await clinic.due([appointment]);
      expect(await sweepWith().run()).toBe(false);
    });
    await tell([appointment]);
    expect(received([appointment])).toEqual([0]);
  });
});

describe('several workers at once', () => {
  const race = async (make: () => RemindersRepository) => {
    const appointments = await clinic.appointments(150, hours(24));
    await clinic.due(appointments);
    await Promise.all(
      Array.from({ length: 3 }, async () => {
        const worker = sweepWith(make());
        while (await worker.run().catch(() => true));
      }),
    );
    await tell(appointments);
    return received(appointments);
  };

  it('send each reminder once', async () => {
    expect(await race(() => new RemindersRepository())).toEqual(Array(150).fill(1));
  });

  it('would send some twice if neither the row nor the key decided (control)', async () => {
    let n = 0;
    class Careless extends RemindersRepository {
      override async lockDue(tx: TenantTx, most: number): Promise<DueReminder[]> {
        const due = await tx.$queryRaw<DueReminder[]>`
          select r.id, r.rule || '-' || ${String((n += 1))} as rule, a.id as "appointmentId", a.patient_id as "patientId",
                 lower(a.during) as start, a.tz_at_booking as timezone, true as "isAwaited", false as "isSuperseded"
            from ${schemaSql(tx.hospital)}.reminder r join ${schemaSql(tx.hospital)}.appointment a on a.id = r.appointment_id
           where r.due_at <= now() order by r.due_at limit ${most}`;
        return due;
      }
    }
    expect(Math.max(...(await race(() => new Careless())))).toBeGreaterThan(1);
  });
});
