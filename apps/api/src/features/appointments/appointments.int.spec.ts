import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { appointmentMoves, appointmentStatuses } from '@hms/contracts';
import { constraintOf, HospitalDatabase, hospitalRef, schemaOf, sqlState, type Hospital } from '@hms/database';
import { TestApi, type TestCaller } from '../../testing/test-api.js';
import { createTestHospital, dropTestHospital } from '../../testing/test-hospital.js';
import type { SlotPageDto } from '../scheduling/slots/slots.dto.js';
import type { SchedulingSettingsDto } from '../scheduling/settings/settings.dto.js';
import type { AppointmentDto, AppointmentPageDto } from './appointments.dto.js';
import { at, FrontDesk, type Refusal } from './testing/front-desk.js';
import { TestClinic } from './testing/test-clinic.js';

let api: TestApi;
let hospital: Hospital;
let clinic: TestClinic;
let receptionist: TestCaller;
let desk: FrontDesk;
let doctor: TestCaller;

beforeAll(async () => {
  api = await TestApi.start();
  hospital = await createTestHospital();
  clinic = new TestClinic(hospital);
  [receptionist, doctor] = [
    await api.signIn({ hospital, role: 'receptionist' }),
    await api.signIn({ hospital, role: 'doctor' }),
  ];
  desk = new FrontDesk(api, clinic, receptionist);
});

afterAll(async () => {
  await api.close();
  await dropTestHospital(hospital);
});

describe('booking', () => {
  it('takes the time, tells of it, and shows it as taken', async () => {
    const { siteId, what } = await clinic.clinic();
    const patientId = await clinic.patient();
    const { status, body, headers } = await desk.book({ ...what, patientId, start: at(1), reason: 'Cough' });
    expect({ status, etag: headers['etag'] }).toEqual({ status: 201, etag: '"1"' });
    const expected = {
      ...what,
      patientId,
      siteId,
      status: 'booked',
      start: at(1),
      end: at(2),
      tz: 'Europe/Dublin',
      reason: 'Cough',
    };
    expect(body).toMatchObject(expected);
    expect((await desk.request<AppointmentDto>('GET', `/appointments/${body.id}`)).body).toEqual(body);
    expect(await desk.events(body.id)).toEqual(['appointment.booked 1']);
    const slots = await desk.request<SlotPageDto>(
      'GET',
      `/slots?providerId=${what.providerId}&from=${at(0)}&to=${at(3)}`,
    );
    const shown = slots.body.items.filter(({ serviceId }) => serviceId === what.serviceId);
    expect(shown.map(({ start, free }) => [start, free])).toEqual([
      [at(0), true],
      [at(1), false],
      [at(2), true],
    ]);
  });

  it('shows what is taken however far ahead free times are looked for', async () => {
    const { what } = await clinic.clinic();
    // Half hours that are left free: next to where a search that found too few goes on, two and ten days ahead, and far off.
    const free = [10, 95, 97, 479, 480, 575];
    const ends = [...free, 576];
    let from = 0;
    for (const end of ends) {
      if (from < end) await clinic.take(what.providerId, at(from), at(end));
      from = end + 1;
    }
    const { body } = await desk.request<SlotPageDto>(
      'GET',
      `/slots?providerId=${what.providerId}&serviceId=${what.serviceId}&free=true&from=${at(0)}&to=${at(576)}`,
    );
    expect(body.items.map(({ start }) => start)).toEqual(free.map(at));
  });

  it('lets one of two hundred at once have the seat, and names the next three free slots to the others', async () => {
    const { what } = await clinic.clinic();
    const patients = await Promise.all(Array.from({ length: 200 }, () => clinic.patient()));
    const answers = await Promise.all(
      patients.map((patientId) => desk.book<Refusal>({ ...what, patientId, start: at(4) })),
    );
    const refused = answers.filter(({ status }) => status === 409);
    expect(answers.filter(({ status }) => ![201, 409].includes(status)).map(({ body }) => body)).toEqual([]);
    expect(refused).toHaveLength(199);
    for (const { body } of refused) {
      expect(body).toMatchObject({
        code: 'appointment.slot-taken',
        alternatives: [5, 6, 7].map((n) => ({ start: at(n), free: true })),
      });
    }
  }, 60_000);

  it('gives a group as many seats as it has', async () => {
    const { what } = await clinic.clinic({ capacity: 3 });
    const patients = await Promise.all(Array.from({ length: 8 }, () => clinic.patient()));
    const answers = await Promise.all(patients.map((patientId) => desk.book({ ...what, patientId, start: at(0) })));
    expect(answers.map(({ status }) => status).sort()).toEqual([201, 201, 201, 409, 409, 409, 409, 409]);
  });

  it('keeps the buffers of the service free, and takes rooms and devices too', async () => {
    const { siteId, what } = await clinic.clinic({ bufferAfterMin: 30 });
    const another = await clinic.resource(siteId);
    await clinic.openAlways(another, siteId);
    const room = await clinic.resource(siteId, 'room');
    const patientId = await clinic.patient();
    expect((await desk.book({ ...what, patientId, start: at(0), resourceIds: [room] })).status).toBe(201);
    expect((await desk.book<Refusal>({ ...what, patientId, start: at(1) })).body.code).toBe('appointment.slot-taken');
    const sameRoom = { ...what, providerId: another, patientId, resourceIds: [room] };
    expect((await desk.book<Refusal>({ ...sameRoom, start: at(0) })).body.code).toBe('appointment.slot-taken');
    expect((await desk.book({ ...sameRoom, start: at(2) })).status).toBe(201);
  });

  it('is refused where nothing is offered, unless somebody who may overbooks it for a reason', async () => {
    const { what } = await clinic.clinic();
    const patientId = await clinic.patient();
    const offGrid = new Date(Date.parse(at(0)) + 5 * 60_000).toISOString();
    const refused = await desk.book<Refusal>({ ...what, patientId, start: offGrid });
    expect(refused).toMatchObject({
      status: 409,
      body: { code: 'appointment.not-offered', alternatives: [{ start: at(1) }, {}, {}] },
    });
    const over = { ...what, patientId, start: offGrid, overbookReason: 'Fever, cannot wait' };
    const nurse = await api.signIn({ hospital, role: 'nurse' });
    expect((await desk.book<Refusal>(over, nurse)).body.code).toBe('auth.forbidden');
    for (let i = 0; i < 2; i += 1)
      expect((await desk.book(over)).body).toMatchObject({ overbook: true, status: 'booked' });
    // What is overbooked takes nobody's seat.
    expect((await desk.book({ ...what, patientId, start: at(0) })).status).toBe(201);
  });

  it.each([
    ['start', { start: undefined }],
    ['start', { start: new Date(Date.parse(at(0)) + 1_000).toISOString() }],
    ['patientId', { patientId: undefined }],
    ['patientId', { patientId: crypto.randomUUID() }],
    ['providerId', { providerId: crypto.randomUUID() }],
    ['serviceId', { serviceId: crypto.randomUUID() }],
    ['resourceIds', { resourceIds: [crypto.randomUUID()] }],
  ])('is refused for its %s with %j', async (field, values) => {
    const { what } = await clinic.clinic();
    const answer = await desk.book<Refusal>({ ...what, patientId: await clinic.patient(), start: at(0), ...values });
    expect(answer).toMatchObject({ status: 422, body: { errors: [{ field }] } });
  });

  it('of a patient who is busy then is refused where the hospital wants it so', async () => {
    // Of the tests before: some overlap.
    await clinic.query(`update {schema}.appointment set status = 'cancelled' where status = 'booked'`);
    const [one, two] = [await clinic.clinic(), await clinic.clinic()];
    const patientId = await clinic.patient();
    const first = await desk.book({ ...one.what, patientId, start: at(0) });
    const second = () => desk.book<AppointmentDto & Refusal>({ ...two.what, patientId, start: at(0) });
    const admin = await api.signIn({ hospital, role: 'hospital_admin' });
    const setOverlap = async (patientOverlap: boolean) => {
      const { body } = await desk.request<SchedulingSettingsDto>('GET', '/scheduling-settings', undefined, {
        caller: admin,
      });
      const headers = { 'if-match': `"${body.version}"` };
      return desk.request<Refusal>('PATCH', '/scheduling-settings', { patientOverlap }, { caller: admin, headers });
    };
    const overlapping = (await second()).body;
    // What overlaps already stands in the way of the setting.
    expect(await setOverlap(false)).toMatchObject({
      status: 409,
      body: { code: 'scheduling-settings.patients-overlap' },
    });
    await desk.setStatus(overlapping.id, { status: 'cancelled' });
    expect((await setOverlap(false)).status).toBe(200);
    expect((await second()).body.code).toBe('appointment.patient-busy');
    // Their own hold keeps them from nothing once it is over.
    const other = await clinic.patient();
    const held = await desk.book({ ...two.what, patientId: other, start: at(4), hold: true });
    await clinic.expireHold(held.body.id);
    expect((await desk.book({ ...one.what, patientId: other, start: at(4) })).status).toBe(201);
    expect((await desk.request<AppointmentDto>('GET', `/appointments/${first.body.id}`)).body.version).toBe(1);
    expect((await setOverlap(true)).status).toBe(200);
    expect((await second()).status).toBe(201);
  });
});

describe('a hold', () => {
  it('keeps the time until it is booked', async () => {
    const held = await desk.booked({ hold: true });
    expect(held.status).toBe('held');
    const other = { ...held.what, patientId: await clinic.patient(), start: at(0) };
    expect((await desk.book<Refusal>(other)).body.code).toBe('appointment.slot-taken');
    expect((await desk.setStatus(held.id, { status: 'booked' })).body).toMatchObject({
      status: 'booked',
      holdExpiresAt: null,
    });
    expect(await desk.events(held.id)).toEqual(['appointment.held 1', 'appointment.booked 2']);
  });

  it('that expired is booked no more, and its time is the next who wants it', async () => {
    const held = await desk.booked({ hold: true });
    await clinic.expireHold(held.id);
    expect((await desk.setStatus<Refusal>(held.id, { status: 'booked' })).body.code).toBe('appointment.hold-expired');
    const other = { ...held.what, patientId: await clinic.patient(), start: at(0) };
    expect((await desk.book(other)).status).toBe(201);
    expect((await desk.request('GET', `/appointments/${held.id}`)).status).toBe(404);
    expect((await desk.events(held.id)).map((event) => event.split(' ')[0])).toEqual([
      'appointment.held',
      'appointment.hold-expired',
    ]);
  });
});

describe('the states of an appointment', () => {
  it('follow each other from booking to completion, each told and kept with who made it so', async () => {
    const { id } = await desk.booked();
    await desk.setStatus(id, { status: 'confirmed' });
    await desk.setStatus(id, { status: 'checked_in' });
    await desk.setStatus(id, { status: 'in_progress' }, doctor);
    expect((await desk.setStatus(id, { status: 'completed' }, doctor)).body).toMatchObject({
      status: 'completed',
      version: 5,
    });
    expect(await desk.events(id)).toEqual(
      ['booked 1', 'confirmed 2', 'checked-in 3', 'started 4', 'completed 5'].map((event) => `appointment.${event}`),
    );
    const history = await clinic.query<{ to_state: string; actor_id: string }>(
      'select to_state, actor_id from {schema}.state_history where entity_id = $1 order by id',
      [id],
    );
    expect(history).toEqual([
      { to_state: 'booked', actor_id: receptionist.id },
      { to_state: 'confirmed', actor_id: receptionist.id },
      { to_state: 'checked_in', actor_id: receptionist.id },
      { to_state: 'in_progress', actor_id: doctor.id },
      { to_state: 'completed', actor_id: doctor.id },
    ]);
  });

  it('are refused where the table has no move, and repeated without effect', async () => {
    const { id } = await desk.booked();
    expect((await desk.setStatus<Refusal>(id, { status: 'completed' }, doctor)).body.code).toBe(
      'appointment.illegal-move',
    );
    expect((await desk.setStatus<Refusal>(id, { status: 'no_show' }, doctor)).body.code).toBe(
      'appointment.not-missed-yet',
    );
    expect((await desk.setStatus<Refusal>(id, { status: 'rescheduled' })).body.errors).toMatchObject([
      { field: 'status' },
    ]);
    expect((await desk.setStatus<Refusal>(id, { status: 'entered_in_error' })).body.errors).toMatchObject([
      { field: 'reason' },
    ]);
    expect((await desk.setStatus<Refusal>(id, { status: 'checked_in' }, doctor)).body.code).toBe('auth.forbidden');
    for (let i = 0; i < 2; i += 1) {
      expect((await desk.setStatus(id, { status: 'cancelled' })).body).toMatchObject({
        status: 'cancelled',
        version: 2,
      });
    }
    expect(await desk.events(id)).toEqual(['appointment.booked 1', 'appointment.cancelled 2']);
  });

  it('are the same to the database as to the services', async () => {
    const rows = await clinic.query<{ from: string; to: string }>(
      `select f as "from", t as "to" from unnest($1::text[]) f, unnest($1::text[]) t where {schema}.appointment_may_move(f, t)`,
      [[...appointmentStatuses]],
    );
    const said = Object.entries(appointmentMoves).flatMap(([from, tos]) => tos.map((to) => `${from} ${to}`));
    expect(rows.map(({ from, to }) => `${from} ${to}`).sort()).toEqual(said.sort());
  });

  it('are kept by the database whoever asks, as is what was agreed', async () => {
    const { id } = await desk.booked();
    const database = api.application.nest.get(HospitalDatabase, { strict: false });
    /** What stopped it. */
    const asHospital = (statement: string) =>
      database
        .inHospital(hospitalRef(hospital), (tx) =>
          tx.$executeRawUnsafe(statement.replaceAll('{schema}', schemaOf(hospital.slug)), id),
        )
        .then(String, (err: unknown) => constraintOf(err) ?? sqlState(err));
    const set = (change: string) => asHospital(`update {schema}.appointment set ${change} where id = $1::uuid`);
    expect(await set(`status = 'completed'`)).toBe('appointment_move');
    expect(await set(`during = tstzrange(upper(during), upper(during) + interval '1 hour')`)).toBe(
      'appointment_rewritten',
    );
    expect(await asHospital('delete from {schema}.appointment where id = $1::uuid')).toBe('appointment_deleted');
    const insufficientPrivilege = '42501';
    expect(
      await asHospital('update {schema}.appointment_resource set blocks = false where appointment_id = $1::uuid'),
    ).toBe(insufficientPrivilege);
  });
});

describe('a patient', () => {
  it('books, sees, confirms and cancels their own appointments, and nobody else’s', async () => {
    const { what } = await clinic.clinic();
    const [own, other] = [await clinic.patient(), await clinic.patient()];
    const patient = await api.signIn({ hospital, role: 'patient', patientId: own });
    const { status, body } = await desk.book({ ...what, start: at(0) }, patient);
    expect({ status, patientId: body.patientId, source: body.source }).toEqual({
      status: 201,
      patientId: own,
      source: 'patient',
    });
    const { body: foreign } = await desk.book({ ...what, patientId: other, start: at(1) });
    expect((await desk.book<Refusal>({ ...what, patientId: other, start: at(2) }, patient)).status).toBe(403);
    const seen = await desk.request<AppointmentPageDto>('GET', '/appointments', undefined, { caller: patient });
    expect(seen.body.items.map(({ id }) => id)).toEqual([body.id]);
    expect((await desk.request('GET', `/appointments?patientId=${other}`, undefined, { caller: patient })).status).toBe(
      403,
    );
    for (const answer of [
      await desk.request('GET', `/appointments/${foreign.id}`, undefined, { caller: patient }),
      await desk.request('DELETE', `/appointments/${foreign.id}`, undefined, { caller: patient }),
      await desk.setStatus<object>(foreign.id, { status: 'cancelled' }, patient),
    ]) {
      expect(answer).toMatchObject({ status: 404, body: { code: 'appointment.not-found' } });
    }
    expect((await desk.setStatus(body.id, { status: 'confirmed' }, patient)).status).toBe(200);
    expect((await desk.setStatus(body.id, { status: 'in_progress' }, patient)).status).toBe(403);
    expect((await desk.request('DELETE', `/appointments/${body.id}`, undefined, { caller: patient })).status).toBe(204);
    expect(
      (await desk.request<AppointmentDto>('GET', `/appointments/${body.id}`, undefined, { caller: patient })).body
        .status,
    ).toBe('cancelled');
  });

  it('may be a Medico24 client: names in snake case, the doctor by name, and no service where there is one only', async () => {
    const { siteId, what } = await clinic.clinic();
    const { serviceId, providerId } = what;
    await clinic.query('update {schema}.schedule_rule set service_ids = array[$1::uuid] where resource_id = $2', [
      serviceId,
      providerId,
    ]);
    const patient = await api.signIn({ hospital, role: 'patient', patientId: await clinic.patient() });
    const medico24 = {
      doctor_name: `dr ${providerId}`,
      appointment_at: at(0),
      reason: 'Check-up',
      contact_phone: '+91 98765 43210',
      source: 'mobile',
    };
    const { body } = await desk.book(medico24, patient);
    expect(body).toMatchObject({
      ...medico24,
      providerId,
      serviceId,
      siteId,
      appointment_end: at(1),
      status: 'booked',
    });
    expect((await desk.setStatus(body.id, { status: 'scheduled' }, patient)).body.status).toBe('booked');
    const changed = await desk.request('PUT', `/appointments/${body.id}`, { notes: 'Bring it' }, { caller: patient });
    expect(changed.body).toMatchObject({ id: body.id, notes: 'Bring it', reason: 'Check-up', version: 2 });
  });
});

describe('the list of appointments', () => {
  it('is by start, in pages, and of the local days that are asked for', async () => {
    const { what } = await clinic.clinic({ tz: 'Pacific/Kiritimati' });
    const patientId = await clinic.patient();
    for (const n of [2, 0, 1]) await desk.book({ ...what, patientId, start: at(n * 20) });
    const list = async (query: string) =>
      (await desk.request<AppointmentPageDto>('GET', `/appointments?providerId=${what.providerId}&${query}`)).body;
    const first = await list('limit=2');
    const rest = await list(`limit=2&cursor=${String(first.nextCursor)}`);
    const all = [...first.items, ...rest.items];
    expect(all.map(({ start }) => start)).toEqual([at(0), at(20), at(40)]);
    const localDay = (start: string, timeZone: string) => new Date(start).toLocaleDateString('sv-SE', { timeZone });
    for (const tz of ['Pacific/Kiritimati', 'Pacific/Pago_Pago']) {
      const day = localDay(at(20), tz);
      const ofDay = all.filter(({ start }) => localDay(start, tz) === day).map(({ id }) => id);
      expect((await list(`from=${day}&to=${day}&tz=${tz}`)).items.map(({ id }) => id)).toEqual(ofDay);
    }
    expect((await list('status=cancelled')).items).toEqual([]);
  });
});
