import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { HospitalDatabase, hospitalRef, type Hospital } from '@hms/database';
import { TestApi, type TestCaller } from '../../testing/test-api.js';
import { createTestHospital, dropTestHospital } from '../../testing/test-hospital.js';
import type { AppointmentDto } from './appointments.dto.js';
import type { NewCalendarFeedDto } from './calendar/calendar-feeds.dto.js';
import { AppointmentMoves } from './appointment-moves.service.js';
import { AppointmentsRepository, holdsExpired } from './appointments.repository.js';
import type { QueueTokenDto, QueueTokenPageDto } from './queue/queue-tokens.dto.js';
import { at, FrontDesk, type Refusal } from './testing/front-desk.js';
import { TestClinic } from './testing/test-clinic.js';
import { ExpiredHoldsJob } from './waitlist/expired-holds.job.js';
import { WaitlistOffersConsumer } from './waitlist/waitlist-offers.consumer.js';
import { WaitlistOffers } from './waitlist/waitlist-offers.service.js';
import type { WaitlistEntryDto, WaitlistPageDto } from './waitlist/waitlist.dto.js';

let api: TestApi;
let hospital: Hospital;
let clinic: TestClinic;
let desk: FrontDesk;
let doctor: TestCaller;
let database: HospitalDatabase;

beforeAll(async () => {
  api = await TestApi.start();
  hospital = await createTestHospital();
  clinic = new TestClinic(hospital);
  desk = new FrontDesk(api, clinic, await api.signIn({ hospital, role: 'receptionist' }));
  doctor = await api.signIn({ hospital, role: 'doctor' });
  database = part(HospitalDatabase);
});

afterAll(async () => {
  await api.close();
  await dropTestHospital(hospital);
});

const part = <T>(type: abstract new (...args: never[]) => T): T => api.application.nest.get<T>(type, { strict: false });

describe('rescheduling', () => {
  it('puts a new appointment in the place of the old one, also at a time the old one took', async () => {
    const { what, ...old } = await desk.booked({ reason: 'Cough' });
    const { status, body } = await desk.change(old.id, { start: at(1) }, { 'if-match': '"1"' });
    expect(status).toBe(200);
    expect(body).toMatchObject({
      start: at(1),
      status: 'booked',
      rescheduleOf: old.id,
      reason: 'Cough',
      patientId: old.patientId,
    });
    expect((await desk.request<AppointmentDto>('GET', `/appointments/${old.id}`)).body.status).toBe('rescheduled');
    expect(await desk.events(old.id)).toEqual(['appointment.booked 1', 'appointment.rescheduled 2']);
    expect(await desk.events(body.id)).toEqual(['appointment.booked 1']);
    expect((await desk.book({ ...what, patientId: await clinic.patient(), start: at(0) })).status).toBe(201);
  });

  it('takes its room along unless another is named, or none', async () => {
    const { siteId, what } = await clinic.clinic();
    const another = await clinic.resource(siteId);
    await clinic.openAlways(another, siteId);
    const room = await clinic.resource(siteId, 'room');
    const old = await desk.booked({ ...what, resourceIds: [room] });
    const { body: moved } = await desk.change(old.id, { start: at(1) });
    const patientId = await clinic.patient();
    const elsewhere = { ...what, providerId: another, patientId, resourceIds: [room], start: at(1) };
    expect((await desk.book<Refusal>(elsewhere)).body.code).toBe('appointment.slot-taken');
    const freed = await desk.change(moved.id, { resourceIds: [] });
    expect(freed.body).toMatchObject({ rescheduleOf: moved.id, start: at(1) });
    expect((await desk.book(elsewhere)).status).toBe(201);
  });

  it('is what a change of where and when is, and not of what is sent back as it was read', async () => {
    const { siteId, what } = await clinic.clinic();
    const room = await clinic.resource(siteId, 'room');
    const old = await desk.booked({ ...what, resourceIds: [room] });
    const same = { ...what, start: old.start, resourceIds: [room] };
    expect((await desk.change(old.id, { ...same, reason: 'Cough' })).body).toMatchObject({
      id: old.id,
      reason: 'Cough',
      status: 'booked',
      version: 2,
    });
    expect(await desk.events(old.id)).toEqual(['appointment.booked 1', 'appointment.changed 2']);
    expect((await desk.change<Refusal>(old.id, { ...same, overbookReason: 'Urgent' })).body.errors).toMatchObject([
      { field: 'overbookReason' },
    ]);
  });

  it('leaves the old one as it was when the new time is taken', async () => {
    const old = await desk.booked();
    await desk.book({ ...old.what, patientId: await clinic.patient(), start: at(1) });
    const refused = await desk.change<Refusal>(old.id, { start: at(1) });
    expect(refused).toMatchObject({
      status: 409,
      body: { code: 'appointment.slot-taken', alternatives: [{}, {}, {}] },
    });
    expect((await desk.request<AppointmentDto>('GET', `/appointments/${old.id}`)).body).toMatchObject({
      status: 'booked',
      version: 1,
    });
    expect((await desk.change<Refusal>(old.id, { start: at(2) }, { 'if-match': '"7"' })).status).toBe(412);
  });
});

describe('what is written with an appointment', () => {
  it('is changed until it is over, and what was written before is kept', async () => {
    const { id, patientId } = await desk.booked({ reason: 'Cough', notes: 'Allergic to latex' });
    const patient = await api.signIn({ hospital, role: 'patient', patientId });
    const changed = await desk.request('PUT', `/appointments/${id}`, { notes: null }, { caller: patient });
    expect(changed.body).toMatchObject({ id, notes: null, version: 2 });
    const kept = await clinic.query<object>(
      'select actor_id, version, changes from {schema}.change_history where entity_id = $1',
      [id],
    );
    expect(kept).toEqual([
      { actor_id: patient.id, version: 2, changes: { notes: { from: 'Allergic to latex', to: null } } },
    ]);
    await desk.setStatus(id, { status: 'cancelled' });
    expect((await desk.change<Refusal>(id, { notes: 'x' })).body.code).toBe('appointment.over');
    expect((await desk.change<Refusal>(id, { start: at(1) })).body.code).toBe('appointment.illegal-move');
  });

  it('names doctors and clinics as the hospital does, whatever a patient calls them', async () => {
    const { what } = await clinic.clinic();
    const patient = await api.signIn({ hospital, role: 'patient', patientId: await clinic.patient() });
    const names = { doctorName: 'The Queen', clinic_name: 'The Palace' };
    const { body } = await desk.book({ ...what, ...names, start: at(0) }, patient);
    const hospitals = { doctorName: `Dr ${what.providerId}`, clinicName: expect.stringMatching(/^Site /) };
    expect(body).toMatchObject(hospitals);
    const url = `/appointments/${body.id}`;
    for (const more of [{}, { start: at(1) }]) {
      expect((await desk.request('PUT', url, { ...names, ...more }, { caller: patient })).body).toMatchObject(
        hospitals,
      );
    }
  });
});

describe('the queue', () => {
  const issue = async (siteId: string, serviceId: string) =>
    (
      await desk.request<QueueTokenDto>('POST', '/queue-tokens', {
        siteId,
        serviceId,
        patientId: await clinic.patient(),
      })
    ).body;

  it('gives numbers without gaps to all who come at once, and calls each once, in order', async () => {
    const { siteId, what } = await clinic.clinic();
    const { serviceId } = what;
    const tokens = await Promise.all(Array.from({ length: 12 }, () => issue(siteId, serviceId)));
    expect(tokens.map(({ number }) => number).sort((a, b) => a - b)).toEqual(
      Array.from({ length: 12 }, (_, i) => i + 1),
    );
    const next = () =>
      desk.request<QueueTokenDto & Refusal>('POST', '/queue-tokens/next', { siteId, serviceId }, { caller: doctor });
    const called = await Promise.all(Array.from({ length: 12 }, next));
    expect(new Set(called.map(({ body }) => body.number)).size).toBe(12);
    expect((await next()).body.code).toBe('queue.empty');
    const { items } = (
      await desk.request<QueueTokenPageDto>('GET', `/queue-tokens?siteId=${siteId}&serviceId=${serviceId}`)
    ).body;
    expect(items.map(({ number, status }) => `${number} ${status}`)).toEqual(tokens.map((_, i) => `${i + 1} called`));
  });

  it('has whoever is checked in, and lets them go with their appointment', async () => {
    const { siteId, what } = await clinic.clinic();
    const walkIn = await issue(siteId, what.serviceId);
    const { body } = await desk.book({ ...what, patientId: await clinic.patient(), start: at(0) });
    const checkedIn = await desk.setStatus(body.id, { status: 'checked_in' });
    expect(checkedIn.body).toMatchObject({ status: 'checked_in', tokenNo: walkIn.number + 1, version: 2 });
    await desk.setStatus(body.id, { status: 'in_progress' }, doctor);
    const url = `/queue-tokens?siteId=${siteId}&serviceId=${what.serviceId}`;
    const { items } = (await desk.request<QueueTokenPageDto>('GET', url)).body;
    expect(items).toMatchObject([
      { number: 1, status: 'waiting', appointmentId: null },
      { number: 2, status: 'done', appointmentId: body.id },
    ]);
  });

  it('gives an appointment one number, when it may be checked in, whether or not its service takes new ones', async () => {
    const { siteId, what } = await clinic.clinic();
    const { body } = await desk.book({ ...what, patientId: await clinic.patient(), start: at(0) });
    await clinic.query('update {schema}.service_type set active = false where id = $1', [what.serviceId]);
    expect((await desk.setStatus(body.id, { status: 'checked_in' })).body).toMatchObject({ tokenNo: 1 });
    const queue = { siteId, serviceId: what.serviceId };
    const walkIn = { ...queue, patientId: await clinic.patient() };
    expect((await desk.request('POST', '/queue-tokens', walkIn)).status).toBe(422);
    const next = await desk.request<QueueTokenDto>('POST', '/queue-tokens/next', queue, { caller: doctor });
    expect(next.body).toMatchObject({ number: 1, appointmentId: body.id });
    await desk.setStatus(body.id, { status: 'in_progress' }, doctor);
    expect(await desk.setStatus<Refusal>(body.id, { status: 'checked_in' })).toMatchObject({
      status: 409,
      body: { code: 'appointment.illegal-move' },
    });
  });

  it('lets a number wait again, and end once', async () => {
    const { siteId, what } = await clinic.clinic();
    const { id } = await issue(siteId, what.serviceId);
    const set = (status: string) =>
      desk.request<QueueTokenDto & Refusal>('PATCH', `/queue-tokens/${id}/status`, { status });
    for (const status of ['called', 'waiting', 'called', 'done', 'done'])
      expect((await set(status)).body.status).toBe(status);
    expect((await set('waiting')).body.code).toBe('queue-token.illegal-move');
  });
});

describe('the waitlist', () => {
  const offers = () => new WaitlistOffersConsumer(part(AppointmentsRepository), part(WaitlistOffers));
  /** As the worker does when it hears of it. */
  const hear = (appointment: AppointmentDto, type: 'appointment.cancelled' | 'appointment.rescheduled') => {
    const { id, patientId, version } = appointment;
    const envelope = { id, hospitalId: hospital.id, actorId: null, occurredAt: new Date().toISOString() };
    const event =
      type === 'appointment.cancelled'
        ? { ...envelope, type, payload: { id, patientId, version } }
        : { ...envelope, type, payload: { id, patientId, version, successorId: id } };
    return database.inHospital(hospitalRef(hospital), (tx) => offers().handle(event, tx));
  };
  /** So that nobody but the test tells the consumer. */
  const cancelUnheard = ({ id }: AppointmentDto) =>
    clinic.query(`update {schema}.appointment set status = 'cancelled' where id = $1`, [id]);
  const join = async (wish: object, caller?: TestCaller) =>
    (
      await desk.request<WaitlistEntryDto>(
        'POST',
        '/waitlist',
        { from: at(-10), to: at(100), ...wish },
        caller && { caller },
      )
    ).body;
  const sweep = () =>
    new ExpiredHoldsJob(
      database,
      undefined as never,
      part(AppointmentsRepository),
      part(AppointmentMoves),
      part(WaitlistOffers),
    ).sweep(hospitalRef(hospital));
  /** Past the application, which makes none of a hold. */
  const encounterOf = async ({ id, patientId }: AppointmentDto) => {
    await clinic.query(
      'insert into {schema}.visit (id, patient_id, opened_at, created_by) values ($1, $2, now(), $1)',
      [id, patientId],
    );
    await clinic.query(
      `insert into {schema}.encounter (id, patient_id, visit_id, appointment_id, class, status, created_by, updated_by)
       values ($1, $2, $1, $1, 'AMB', 'planned', $1, $1)`,
      [id, patientId],
    );
  };
  const entryOf = async (patientId: string) => {
    const { items } = (await desk.request<WaitlistPageDto>('GET', '/waitlist?limit=100')).body;
    return items.find((entry) => entry.patientId === patientId);
  };

  it('offers a time that comes free to whoever waited longest for one like it, who books it', async () => {
    const { what, ...taken } = await desk.booked();
    const { serviceId, providerId } = taken;
    const [first, second, other] = [await clinic.patient(), await clinic.patient(), await clinic.patient()];
    await join({ patientId: other, serviceId, to: at(-1) });
    const patient = await api.signIn({ hospital, role: 'patient', patientId: first });
    expect(await join({ serviceId, providerId }, patient)).toMatchObject({ patientId: first, status: 'waiting' });
    await join({ patientId: second, serviceId });
    await cancelUnheard(taken);
    await hear(taken, 'appointment.cancelled');
    // Told twice of it, nobody else is offered the time.
    await hear(taken, 'appointment.cancelled');
    const offered = await entryOf(first);
    expect(offered).toMatchObject({ status: 'offered', version: 2 });
    expect([(await entryOf(second))?.status, (await entryOf(other))?.status]).toEqual(['waiting', 'waiting']);
    expect((await desk.book<Refusal>({ ...what, patientId: other, start: at(0) })).body.code).toBe(
      'appointment.slot-taken',
    );
    const { body } = await desk.setStatus(offered?.appointmentId ?? '', { status: 'booked' }, patient);
    expect(body).toMatchObject({ patientId: first, start: at(0), providerId, status: 'booked', source: 'waitlist' });
    expect((await entryOf(first))?.status).toBe('booked');
    const told = await clinic.query<{ appointment: string }>(
      `select payload ->> 'appointmentId' as appointment from public.outbox_event where type = 'waitlist.offered' and payload ->> 'id' = $1`,
      [offered?.id],
    );
    expect(told).toEqual([{ appointment: body.id }]);
  });

  it('offers the time to the next when the offer expires, and the one who missed it waits again', async () => {
    const taken = await desk.booked();
    const { serviceId } = taken;
    const [first, second] = [await clinic.patient(), await clinic.patient()];
    await join({ patientId: first, serviceId });
    await join({ patientId: second, serviceId });
    await cancelUnheard(taken);
    await hear(taken, 'appointment.cancelled');
    const { appointmentId } = (await entryOf(first)) ?? {};
    // A hold that an encounter names is not taken away, and keeps no other one.
    const used = await desk.booked({ hold: true });
    await clinic.expireHold(used.id);
    await encounterOf(used);
    await clinic.expireHold(appointmentId ?? '');
    const due = () => database.hospitalsWhere([hospitalRef(hospital)], holdsExpired);
    expect(await due()).toHaveLength(1);
    await sweep();
    expect(await due()).toEqual([]);
    expect((await desk.request('GET', `/appointments/${used.id}`)).status).toBe(200);
    const late = { ...used.what, patientId: await clinic.patient(), start: at(0) };
    expect((await desk.book<Refusal>(late)).body.code).toBe('appointment.slot-taken');
    expect([(await entryOf(first))?.status, (await entryOf(second))?.status]).toEqual(['waiting', 'offered']);
  });

  it('offers the time to the next when the first may not have it, having another appointment then', async () => {
    const taken = await desk.booked();
    const { serviceId } = taken;
    const [busy, free] = [await clinic.patient(), await clinic.patient()];
    await join({ patientId: busy, serviceId });
    await join({ patientId: free, serviceId });
    await clinic.query('update {schema}.scheduling_setting set patient_overlap = false');
    try {
      await desk.booked({ patientId: busy });
      await cancelUnheard(taken);
      await hear(taken, 'appointment.cancelled');
    } finally {
      await clinic.query('update {schema}.scheduling_setting set patient_overlap = true');
    }
    expect([(await entryOf(busy))?.status, (await entryOf(free))?.status]).toEqual(['waiting', 'offered']);
  });

  it('is left by whoever wants no more', async () => {
    const { what } = await clinic.clinic();
    const patientId = await clinic.patient();
    const { id } = await join({ patientId, serviceId: what.serviceId });
    for (let i = 0; i < 2; i += 1) expect((await desk.request('DELETE', `/waitlist/${id}`)).status).toBe(204);
    expect((await entryOf(patientId))?.status).toBe('closed');
    const stranger = await api.signIn({ hospital, role: 'patient', patientId: await clinic.patient() });
    expect((await desk.request('DELETE', `/waitlist/${id}`, undefined, { caller: stranger })).status).toBe(404);
  });
});

describe('the calendar of a provider', () => {
  it('opens to whoever holds its address, names no patient, and is closed when that is revoked', async () => {
    const patientId = await clinic.patient('Unmistakable');
    const { id, providerId } = await desk.booked({ patientId });
    const admin = await api.signIn({ hospital, role: 'hospital_admin' });
    const feeds = `/resources/${providerId}/calendar-feeds`;
    const { body: feed } = await desk.request<NewCalendarFeedDto>('POST', feeds, undefined, { caller: admin });
    const read = () => api.send<string>({ method: 'GET', url: feed.path });
    const { status, body, headers } = await read();
    expect({ status, type: headers['content-type'] }).toEqual({ status: 200, type: 'text/calendar; charset=utf-8' });
    expect(body).toContain(`UID:${id}\r\n`);
    expect(body).toContain(`DTSTART:${at(0).replaceAll(/[-:]|\.000/g, '')}\r\n`);
    expect(body).not.toContain('Unmistakable');
    expect(body).not.toContain(patientId);
    const stored = await clinic.query<{ row: string }>(
      'select f::text as row from public.calendar_feed f where id = $1',
      [feed.id],
    );
    expect(stored[0]?.row).not.toContain(feed.path.split('/').at(-1));
    expect((await desk.request('DELETE', `${feeds}/${feed.id}`, undefined, { caller: admin })).status).toBe(204);
    expect((await read()).status).toBe(404);
  });

  it('is given out for oneself, and for others by who manages schedules', async () => {
    const { what } = await clinic.clinic();
    const url = `/resources/${what.providerId}/calendar-feeds`;
    expect((await desk.request('POST', url, undefined, { caller: doctor })).status).toBe(403);
    await clinic.query('update {schema}.resource set user_id = $1 where id = $2', [doctor.id, what.providerId]);
    expect((await desk.request('POST', url, undefined, { caller: doctor })).status).toBe(201);
  });
});
