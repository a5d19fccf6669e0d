import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { admissionMoves, admissionStates, bedMoves, bedStatuses } from '@hms/contracts';
import { constraintOf, HospitalDatabase, hospitalRef, schemaOf, sqlState, type Hospital } from '@hms/database';
import { TestApi, type TestCaller } from '../../testing/test-api.js';
import { createTestHospital, dropTestHospital } from '../../testing/test-hospital.js';
import type { AdmissionDto, AdmissionPageDto } from './admissions/admissions.dto.js';
import type { BedStateDto, BedStatePageDto, RoomDto } from './beds/beds.dto.js';
import type { WardBoardDto } from './board/board.dto.js';
import { TestStays, type Refusal } from './testing/test-stays.js';

let api: TestApi;
let hospital: Hospital;
let stays: TestStays;
let admin: TestCaller;

beforeAll(async () => {
  api = await TestApi.start();
  hospital = await createTestHospital();
  stays = new TestStays(api, hospital, await api.signIn({ hospital, role: 'doctor' }));
  admin = await api.signIn({ hospital, role: 'hospital_admin' });
});

afterAll(async () => {
  await api.close();
  await dropTestHospital(hospital);
});

/** A ward with that many beds. */
async function furnished(beds: number): Promise<{ wardId: string; beds: string[] }> {
  const wardId = await stays.wards.ward();
  const ids: string[] = [];
  for (let n = 1; n <= beds; n += 1) ids.push(await stays.wards.bed(wardId, String(n)));
  return { wardId, beds: ids };
}

const wornBy = (patientId: string) =>
  stays.wards.query<{ device: string; ward: string; bed: string | null; worn: boolean }>(
    `select device_id as device, ward_id as ward, bed_id as bed, valid @> now() as worn
       from {schema}.device_assignment where patient_id = $1 order by lower(valid)`,
    [patientId],
  );

describe('an admission', () => {
  it('is requested, accepted with a bed that is kept, and begins when the patient lies down in it', async () => {
    const {
      wardId,
      beds: [bed = ''],
    } = await furnished(1);
    const asked = await stays.requested(wardId, { expectedDischarge: '2030-01-31' });
    expect(asked).toMatchObject({
      state: 'requested',
      wardId,
      bedId: null,
      expectedDischarge: '2030-01-31',
      version: 1,
    });
    expect(await stays.encounter(asked.encounterId)).toMatchObject({ status: 'planned' });
    const { body: accepted } = await stays.act(asked.id, 'accept', { bedId: bed });
    expect(accepted).toMatchObject({ state: 'accepted', bedId: bed, admittedAt: null });
    expect(await stays.bed(bed)).toMatchObject({ status: 'reserved' });
    const { status, body } = await stays.act(asked.id, 'admit');
    expect({ status, body }).toMatchObject({ status: 200, body: { state: 'admitted', bedId: bed } });
    expect(await stays.bed(bed)).toMatchObject({ status: 'occupied' });
    expect(await stays.encounter(asked.encounterId)).toMatchObject({ status: 'in-progress' });
    expect(await stays.patientWard(asked.patientId)).toBe(wardId);
    expect(await stays.events(asked.id)).toEqual(
      ['requested', 'accepted', 'admitted'].map((what) => `admission.${what} ${wardId}`),
    );
  });

  it('is one at a time of a patient, and gives a kept bed back when it is cancelled', async () => {
    const {
      wardId,
      beds: [bed = ''],
    } = await furnished(1);
    const { id, patientId, encounterId } = await stays.requested(wardId);
    const again = { patientId, wardId, source: 'gp', urgency: 'urgent', reason: 'Again' };
    expect(await stays.request<Refusal>('POST', '/admissions', again)).toMatchObject({
      status: 409,
      body: { code: 'admission.patient-has-one' },
    });
    await stays.act(id, 'accept', { bedId: bed });
    expect((await stays.act(id, 'cancel', { reason: 'Feels better' })).body.state).toBe('cancelled');
    expect(await stays.bed(bed)).toMatchObject({ status: 'available' });
    expect(await stays.encounter(encounterId)).toMatchObject({ status: 'cancelled' });
    expect((await stays.request('POST', '/admissions', again)).status).toBe(201);
    expect((await stays.act<Refusal>(id, 'admit', { bedId: bed })).body.code).toBe('admission.illegal-move');
  });

  it('begins the encounter wherever it is, and says what to do when it has ended', async () => {
    const {
      wardId,
      beds: [one = '', two = ''],
    } = await furnished(2);
    const setEncounter = (id: string, set: string) =>
      stays.wards.query(`update {schema}.encounter set ${set} where id = $1`, [id]);
    const begun = await stays.accepted(wardId);
    await setEncounter(begun.encounterId, `status = 'arrived', started_at = now()`);
    await setEncounter(begun.encounterId, `status = 'in-progress'`);
    expect((await stays.act(begun.id, 'admit', { bedId: one })).status).toBe(200);
    const over = await stays.accepted(wardId);
    await setEncounter(over.encounterId, `status = 'cancelled', status_reason = 'By mistake'`);
    const refused = await stays.act<Refusal>(over.id, 'admit', { bedId: two });
    expect(refused).toMatchObject({ status: 409, body: { code: 'admission.encounter-over' } });
    expect(await stays.bed(two)).toMatchObject({ status: 'available' });
    expect((await stays.act(over.id, 'cancel', { reason: 'Asked anew' })).body.state).toBe('cancelled');
  });

  it('is listed by ward, state and whether it is over, and changed at the version that was read', async () => {
    const { wardId } = await furnished(0);
    const [first, second] = [await stays.requested(wardId), await stays.requested(wardId)];
    await stays.act(first.id, 'cancel', { reason: 'Feels better' });
    const list = async (query: string) =>
      (await stays.request<AdmissionPageDto>('GET', `/admissions?wardId=${wardId}&${query}`)).body.items.map(
        ({ id }) => id,
      );
    expect(await list('limit=5')).toEqual([second.id, first.id]);
    expect(await list('open=true')).toEqual([second.id]);
    expect(await list('state=cancelled')).toEqual([first.id]);
    const change = { expectedDischarge: '2030-02-01' };
    const patch = (version: number) =>
      stays.request<AdmissionDto>('PATCH', `/admissions/${second.id}`, change, { version });
    expect((await patch(1)).body).toMatchObject({ ...change, version: 2 });
    expect((await patch(1)).status).toBe(412);
  });
});

describe('a bed', () => {
  it('is had by one of fifty at once; the others are told which are free', async () => {
    const {
      wardId,
      beds: [bed = '', other = ''],
    } = await furnished(2);
    const waiting: AdmissionDto[] = [];
    while (waiting.length < 50) waiting.push(await stays.accepted(wardId));
    const answers = await Promise.all(waiting.map(({ id }) => stays.act<Refusal>(id, 'admit', { bedId: bed })));
    const refused = answers.filter(({ status }) => status === 409);
    expect(answers.map(({ status }) => status).sort()).toEqual([200, ...Array.from({ length: 49 }, () => 409)]);
    for (const { body } of refused) {
      expect(body).toMatchObject({ code: 'bed.not-free', freeBeds: [{ id: other, status: 'available' }] });
    }
    const states = await Promise.all(waiting.map(async ({ id }) => (await stays.admission(id)).state));
    expect(states.filter((state) => state === 'admitted')).toHaveLength(1);
  }, 60_000);

  it('is blocked for a reason, and nobody is put into it then', async () => {
    const {
      wardId,
      beds: [bed = ''],
    } = await furnished(1);
    const act = (action: string, payload: object = {}) =>
      stays.request<BedStateDto>('POST', `/beds/${bed}/${action}`, payload);
    expect((await act('block', { reason: 'Broken rail' })).body).toMatchObject({
      status: 'blocked',
      blockedReason: 'Broken rail',
    });
    const { id } = await stays.accepted(wardId);
    expect((await stays.act<Refusal>(id, 'admit', { bedId: bed })).body.code).toBe('bed.not-free');
    expect((await act('cleaned')).status).toBe(409);
    expect((await act('unblock')).body).toMatchObject({ status: 'available', blockedReason: null });
    await stays.act(id, 'admit', { bedId: bed });
    expect((await act('block', { reason: 'Broken rail' })).status).toBe(409);
  });

  it('has a room, a class and features, and is found by them', async () => {
    const {
      wardId,
      beds: [bed = ''],
    } = await furnished(2);
    const { body: room } = await stays.request<RoomDto>(
      'POST',
      `/wards/${wardId}/rooms`,
      { name: '12' },
      { caller: admin },
    );
    const what = { roomId: room.id, class: 'isolation', features: ['oxygen', 'negative-pressure'] };
    const patch = (change: object, version: number) =>
      stays.request<BedStateDto>('PATCH', `/beds/${bed}`, change, { caller: admin, version });
    expect((await patch(what, 1)).body).toMatchObject({ ...what, roomName: '12', version: 2 });
    expect((await patch({ roomId: bed }, 2)).status).toBe(422);
    expect((await patch(what, 1)).status).toBe(412);
    const found = await stays.request<BedStatePageDto>(
      'GET',
      `/beds?wardId=${wardId}&class=isolation&status=available`,
    );
    expect(found.body.items.map(({ id }) => id)).toEqual([bed]);
  });

  it('cannot have been two patients’ at any time, says the database', async () => {
    const {
      wardId,
      beds: [bed = ''],
    } = await furnished(1);
    const now = Date.now();
    const ago = (minutes: number) => new Date(now - minutes * 60_000).toISOString();
    const first = await stays.accepted(wardId);
    await stays.act(first.id, 'admit', { bedId: bed, at: ago(60) });
    await stays.act(first.id, 'departure', { state: 'absconded', at: ago(30) });
    await stays.request('POST', `/beds/${bed}/cleaned`);
    const { id } = await stays.accepted(wardId);
    expect((await stays.act<Refusal>(id, 'admit', { bedId: bed, at: ago(40) })).body.code).toBe('bed.not-free');
    expect((await stays.act(id, 'admit', { bedId: bed, at: ago(20) })).status).toBe(200);
  });
});

describe('a move to another bed', () => {
  it('takes the patient, the ward and the devices along, in one step, and answers the request for it', async () => {
    const [from, to] = [await furnished(1), await furnished(1)];
    const [bed = '', next = ''] = [from.beds[0], to.beds[0]];
    const before = await stays.admitted(from.wardId, bed);
    const monitor = await stays.wards.device();
    await stays.wards.assign(monitor.deviceId, before.patientId, { wardId: from.wardId, bedId: bed });
    const asked = await stays.act(before.id, 'transfer-request', { wardId: to.wardId, reason: 'Needs a monitor' });
    expect(asked).toMatchObject({ status: 201, body: { transfer: { wardId: to.wardId } } });
    const again = await stays.act<Refusal>(before.id, 'transfer-request', { wardId: to.wardId, reason: 'Needs it' });
    expect(again.body.code).toBe('transfer-request.open');
    const moved = await stays.move(asked.body, next);
    expect(moved).toMatchObject({ status: 200, body: { bedId: next, wardId: to.wardId, transfer: null } });
    expect([(await stays.bed(bed)).status, (await stays.bed(next)).status]).toEqual(['cleaning', 'occupied']);
    expect(await stays.patientWard(before.patientId)).toBe(to.wardId);
    expect(await wornBy(before.patientId)).toEqual([
      { device: monitor.deviceId, ward: from.wardId, bed, worn: false },
      { device: monitor.deviceId, ward: to.wardId, bed: next, worn: true },
    ]);
    const told = await stays.events(before.id);
    for (const ward of [from.wardId, to.wardId]) expect(told).toContain(`admission.moved ${ward}`);
  });

  it('leaves the patient where they are when the bed is not free', async () => {
    const {
      wardId,
      beds: [one = '', two = '', three = ''],
    } = await furnished(3);
    const [anna, berta] = [await stays.admitted(wardId, one), await stays.admitted(wardId, two)];
    const refused = await stays.move<Refusal>(anna, two);
    expect(refused).toMatchObject({ status: 409, body: { code: 'bed.not-free', freeBeds: [{ id: three }] } });
    expect(await stays.admission(anna.id)).toMatchObject({ bedId: one, version: anna.version });
    // Neither can swap: each lies in the bed the other wants.
    const swap = await Promise.all([stays.move(anna, two), stays.move(berta, one)]);
    expect(swap.map(({ status }) => status)).toEqual([409, 409]);
  });

  it('of one patient by two at once happens once; of many to one bed, to one of them', async () => {
    const { wardId, beds } = await furnished(8);
    const [target = '', other = '', ...taken] = beds;
    const patients = await Promise.all(taken.map((bed) => stays.admitted(wardId, bed)));
    const answers = await Promise.all(patients.map((patient) => stays.move(patient, target)));
    expect(answers.map(({ status }) => status).sort()).toEqual([200, ...patients.slice(1).map(() => 409)]);
    const left = patients.find((_, i) => answers[i]?.status === 409);
    if (!left) throw new Error('nobody was refused');
    const cleaned = taken[patients.findIndex((_, i) => answers[i]?.status === 200)] ?? '';
    await stays.request('POST', `/beds/${cleaned}/cleaned`);
    const both = await Promise.all([stays.move(left, other), stays.move(left, cleaned)]);
    expect(both.map(({ status }) => status).sort()).toEqual([200, 412]);
    const lying = await stays.wards.query(
      `select from {schema}.bed_assignment s join {schema}.admission a using (encounter_id) where a.id = $1 and upper_inf(s.during)`,
      [left.id],
    );
    expect(lying).toHaveLength(1);
  });

  it('by somebody limited to wards needs the other ward, or that it was asked', async () => {
    const [from, to] = [await furnished(1), await furnished(1)];
    const patient = await stays.admitted(from.wardId, from.beds[0] ?? '');
    const nurse = await api.signIn({ hospital, role: 'nurse', wardIds: [to.wardId] });
    expect((await stays.move<Refusal>(patient, to.beds[0] ?? '', {}, nurse)).body.code).toBe('admission.not-found');
    const asked = await stays.act(patient.id, 'transfer-request', { wardId: to.wardId, reason: 'Needs a monitor' });
    expect((await stays.move(asked.body, from.beds[0] ?? '', {}, nurse)).status).toBe(422);
    expect((await stays.move(asked.body, to.beds[0] ?? '', {}, nurse)).body.wardId).toBe(to.wardId);
  });

  it('is all that a ward may do that was only asked; it hears when the stay ends', async () => {
    const [from, to] = [await furnished(1), await furnished(1)];
    const patient = await stays.admitted(from.wardId, from.beds[0] ?? '');
    await stays.act(patient.id, 'transfer-request', { wardId: to.wardId, reason: 'Needs a monitor' });
    const asked = await api.signIn({ hospital, role: 'doctor', wardIds: [to.wardId] });
    const refusals = [
      await stays.request<Refusal>(
        'PATCH',
        `/admissions/${patient.id}`,
        { expectedDischarge: '2030-02-01' },
        { caller: asked, version: patient.version },
      ),
      await stays.act<Refusal>(patient.id, 'transfer-request', { wardId: from.wardId, reason: 'Rather not' }, asked),
      await stays.act<Refusal>(patient.id, 'discharge/order', { type: 'home' }, asked),
      await stays.act<Refusal>(patient.id, 'discharge/withdraw', { reason: 'Fever' }, asked),
      await stays.act<Refusal>(patient.id, 'discharge/ready', {}, asked),
      await stays.act<Refusal>(patient.id, 'departure', { state: 'absconded' }, asked),
    ];
    for (const refused of refusals) {
      expect(refused).toMatchObject({ status: 403, body: { code: 'patient.on-other-ward' } });
    }
    const board = await stays.request<WardBoardDto>('GET', `/wards/${to.wardId}/board`, undefined, { caller: asked });
    expect(board.body.awaited).toMatchObject([{ admissionId: patient.id, fromWardId: from.wardId }]);
    await stays.act(patient.id, 'departure', { state: 'absconded' });
    const told = await stays.events(patient.id);
    for (const ward of [from.wardId, to.wardId]) expect(told).toContain(`admission.ended ${ward}`);
  });

  it('is the only way an inpatient comes to another ward', async () => {
    const [here, elsewhere] = [await furnished(1), await furnished(0)];
    const { patientId } = await stays.admitted(here.wardId, here.beds[0] ?? '');
    for (const wardId of [elsewhere.wardId, null]) {
      const placed = await stays.request<Refusal>('PUT', `/patients/${patientId}/ward`, { wardId }, { version: 2 });
      expect(placed).toMatchObject({ status: 409, body: { code: 'patient.in-bed' } });
    }
  });
});

describe('the board of a ward', () => {
  it('shows every bed with who lies in it, and whom the ward is asked to take', async () => {
    const {
      wardId,
      beds: [one = '', two = '', three = ''],
    } = await furnished(3);
    const lying = await stays.admitted(wardId, one, { expectedDischarge: '2030-01-31' });
    const coming = await stays.requested(wardId, { urgency: 'elective' });
    await stays.act(coming.id, 'accept', { bedId: two });
    const urgent = await stays.requested(wardId);
    await stays.raiseAlarm(lying);
    await stays.wards.query(
      `insert into {schema}.score_result (patient_id, profile, profile_version, computed_for, total, partial, band, inputs)
       values ($1, 'news2', 'x', now() - interval '1 hour', 3, 3, 'low', '{}'), ($1, 'news2', 'x', now(), 7, 7, 'high', '{}')`,
      [lying.patientId],
    );
    const board = async (caller?: TestCaller) =>
      (await stays.request<WardBoardDto>('GET', `/wards/${wardId}/board`, undefined, caller && { caller })).body;
    const seen = await board();
    expect(seen.beds).toMatchObject([
      {
        bedId: one,
        status: 'occupied',
        occupant: { patientId: lying.patientId, expectedDischarge: '2030-01-31', openAlarms: 1, news2: 7 },
      },
      { bedId: two, status: 'reserved', occupant: { patientId: coming.patientId, since: null } },
      { bedId: three, status: 'available', occupant: null },
    ]);
    expect(seen.awaited.map(({ admissionId }) => admissionId)).toEqual([urgent.id, coming.id]);
    const desk = await board(await api.signIn({ hospital, role: 'receptionist' }));
    expect(desk.beds[0]?.occupant).toMatchObject({ patientId: lying.patientId, openAlarms: null, news2: null });
  });
});

describe('the states', () => {
  it.each([
    ['admission', admissionStates, admissionMoves],
    ['bed', bedStatuses, bedMoves],
  ] as const)('of %s are the same to the database as to the services', async (what, states, moves) => {
    const rows = await stays.wards.query<{ from: string; to: string }>(
      `select f as "from", t as "to" from unnest($1::text[]) f, unnest($1::text[]) t where {schema}.${what}_may_move(f, t)`,
      [[...states]],
    );
    const said = Object.entries<readonly string[]>(moves).flatMap(([from, tos]) => tos.map((to) => `${from} ${to}`));
    expect(rows.map(({ from, to }) => `${from} ${to}`).sort()).toEqual(said.sort());
  });

  it('are kept by the database whoever asks, and so is who lies where', async () => {
    const {
      wardId,
      beds: [bed = '', free = ''],
    } = await furnished(2);
    const { id, patientId } = await stays.admitted(wardId, bed);
    const database = api.application.nest.get(HospitalDatabase, { strict: false });
    /** What stopped it. */
    const asHospital = (statement: string, about: string) =>
      database
        .inHospital(hospitalRef(hospital), (tx) =>
          tx.$executeRawUnsafe(statement.replaceAll('{schema}', schemaOf(hospital.slug)), about),
        )
        .then(String, (err: unknown) => constraintOf(err) ?? sqlState(err));
    const setAdmission = (set: string) => asHospital(`update {schema}.admission set ${set} where id = $1::uuid`, id);
    const setBed = (set: string, which = bed) =>
      asHospital(`update {schema}.bed set ${set} where id = $1::uuid`, which);
    expect(await setAdmission(`state = 'discharged', left_at = now()`)).toBe('admission_move');
    expect(await setAdmission(`state = 'absconded', left_at = now()`)).toBe('admission_bed');
    expect(await setAdmission('patient_id = id')).toBe('admission_rewritten');
    expect(await setBed(`status = 'cleaning'`)).toBe('bed_move');
    expect(await setBed(`status = 'available'`)).toBe('bed_move');
    expect(await setBed(`status = 'occupied'`, free)).toBe('bed_move');
    expect(await setBed('active = false')).toBe('bed_in_use');
    expect(await asHospital('update {schema}.patient set ward_id = null where id = $1::uuid', patientId)).toBe(
      'patient_in_bed',
    );
    const end = `update {schema}.bed_assignment set during = tstzrange(lower(during), now()), ended_by = bed_id where bed_id = $1::uuid`;
    expect(await asHospital(end, bed)).toBe('admission_bed');
    const insufficientPrivilege = '42501';
    expect(await asHospital('delete from {schema}.bed_assignment where bed_id = $1::uuid', bed)).toBe(
      insufficientPrivilege,
    );
  });
});
