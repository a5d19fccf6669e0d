import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Hospital } from '@hms/database';
import { TestApi, type TestCaller } from '../../testing/test-api.js';
import { createTestHospital, dropTestHospital } from '../../testing/test-hospital.js';
import type { SlotPageDto } from '../scheduling/slots/slots.dto.js';
import { at, FrontDesk, type Refusal } from './testing/front-desk.js';
import { TestClinic } from './testing/test-clinic.js';

let api: TestApi;
let hospital: Hospital;
let clinic: TestClinic;
let receptionist: TestCaller;
let desk: FrontDesk;

beforeAll(async () => {
  api = await TestApi.start();
  hospital = await createTestHospital();
  clinic = new TestClinic(hospital);
  receptionist = await api.signIn({ hospital, role: 'receptionist' });
  desk = new FrontDesk(api, clinic, receptionist);
});

afterAll(async () => {
  await api.close();
  await dropTestHospital(hospital);
});

describe('booking', () => {
  it('takes a room in its own hours only, and offers other times in them', async () => {
    const { siteId, what } = await clinic.clinic({ tz: 'UTC' });
    const room = await clinic.resource(siteId, 'room');
    // Half an hour of the day that is four hours later than the one asked for first, each day.
    const open = new Date(at(8));
    const timeOf = (later: number) => new Date(open.getTime() + later * 60_000).toISOString().slice(11, 16);
    for (let weekday = 1; weekday <= 7; weekday += 1) {
      await clinic.query(
        `insert into {schema}.schedule_rule (id, resource_id, site_id, weekday, local_start, local_end, slot_min, horizon_days, created_by)
         values (gen_random_uuid(), $1, $2, $3, $4, $5, 30, 1, $1)`,
        [room, siteId, weekday, timeOf(0), timeOf(30)],
      );
    }
    const patientId = await clinic.patient();
    const wanted = { ...what, patientId, resourceIds: [room] };
    const refused = await desk.book<Refusal>({ ...wanted, start: at(0) });
    expect(refused).toMatchObject({
      status: 409,
      body: { code: 'appointment.not-offered', alternatives: [8, 56, 104].map((n) => ({ start: at(n), free: true })) },
    });
    expect((await desk.book({ ...wanted, start: at(8) })).status).toBe(201);
    expect((await desk.book<Refusal>({ ...wanted, start: at(8) })).body).toMatchObject({
      code: 'appointment.slot-taken',
      alternatives: [56, 104, 152].map((n) => ({ start: at(n) })),
    });
    const search = (ids: string, caller = receptionist) =>
      desk.request<SlotPageDto & Refusal>(
        'GET',
        `/slots?providerId=${what.providerId}&serviceId=${what.serviceId}&from=${at(0)}&to=${at(60)}&resourceIds=${ids}`,
        undefined,
        { caller },
      );
    expect((await search(room)).body.items.map(({ start, free }) => [start, free])).toEqual([
      [at(8), false],
      [at(56), true],
    ]);
    expect((await search(crypto.randomUUID())).body.errors).toMatchObject([{ field: 'resourceIds' }]);
    expect((await search(room, await api.signIn({ hospital, role: 'patient' }))).status).toBe(403);
    const overbook = { ...wanted, start: at(0), overbookReason: 'The room is opened for her' };
    expect((await desk.book(overbook, await api.signIn({ hospital, role: 'hospital_admin' }))).status).toBe(201);
  });

  it('takes rooms and devices for staff, and nobody’s other provider along', async () => {
    const { siteId, what } = await clinic.clinic();
    const [colleague, room] = [await clinic.resource(siteId), await clinic.resource(siteId, 'room')];
    const patientId = await clinic.patient();
    for (const taken of [colleague, what.providerId]) {
      const refused = await desk.book<Refusal>({ ...what, patientId, start: at(0), resourceIds: [taken] });
      expect(refused).toMatchObject({ status: 422, body: { errors: [{ field: 'resourceIds' }] } });
    }
    const patient = await api.signIn({ hospital, role: 'patient', patientId });
    const own = { ...what, start: at(0) };
    expect((await desk.book<Refusal>({ ...own, resourceIds: [room] }, patient)).body.code).toBe('auth.forbidden');
    const { body } = await desk.book(own, patient);
    const taken = await desk.request<Refusal>(
      'PUT',
      `/appointments/${body.id}`,
      { resourceIds: [room] },
      { caller: patient },
    );
    expect(taken.body.code).toBe('auth.forbidden');
  });
});
