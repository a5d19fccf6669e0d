import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Hospital } from '@hms/database';
import { auditRows } from '../../testing/audit-rows.js';
import { TestApi, type TestCaller } from '../../testing/test-api.js';
import { createTestHospital, dropTestHospital } from '../../testing/test-hospital.js';
import { TestWards } from '../../testing/test-ward.js';
import type { AssignmentDto, AssignmentPageDto, PatientDevicesDto } from './assignments.dto.js';
import type { DeviceDto } from './devices.dto.js';

let api: TestApi;
let hospital: Hospital;
let wards: TestWards;
let nurse: TestCaller;
let ward: string;

beforeAll(async () => {
  api = await TestApi.start();
  hospital = await createTestHospital();
  wards = new TestWards(hospital);
  ward = await wards.ward();
  nurse = await api.signIn({ hospital, role: 'nurse' });
});

afterAll(async () => {
  await api.close();
  await dropTestHospital(hospital);
});

interface Refusal {
  readonly code: string;
  readonly assignment?: AssignmentDto;
  readonly errors?: { field: string }[];
}
const post = <T = Refusal>(url: string, payload: object) =>
  api.send<T>({ method: 'POST', url: `/api/v1${url}`, payload }, nurse);
const get = async <T>(url: string) => (await api.send<T>({ method: 'GET', url: `/api/v1${url}` }, nurse)).body;
const assign = <T = AssignmentDto>(deviceId: string, assignment: object) =>
  post<T>(`/devices/${deviceId}/assignments`, { wardId: ward, ...assignment });
/** Which of the assignments an event told the end of. */
const released = async (ids: readonly string[]) => {
  const rows = await wards.query<{ id: string }>(
    `select payload ->> 'id' as id from public.outbox_event
      where type = 'device.released' and payload ->> 'id' = any ($1) order by payload ->> 'id'`,
    [ids],
  );
  return rows.map(({ id }) => id);
};
const auditedEnds = async (patientIds: readonly string[]) =>
  (await auditRows(hospital))
    .filter((row) => row.entity === 'device-assignment' && row.action === 'update')
    .filter(({ patient_ids }) => patient_ids.some((id) => patientIds.includes(id)))
    .map(({ actor_id, entity_ids }) => ({ actor_id, entity_ids }));
const hour = 3_600_000;
const at = (ms: number) => new Date(Date.now() + ms).toISOString();

describe('assigning a device', () => {
  it('gives it to the patient from now on', async () => {
    const [{ deviceId, externalId }, patientId, bedId] = [
      await wards.device(),
      await wards.patient(),
      await wards.bed(ward, '7'),
    ];
    const { status, body } = await assign(deviceId, { patientId, bedId });
    expect(status).toBe(201);
    expect(body).toMatchObject({ deviceId, patientId, wardId: ward, bedId, until: null });
    expect((await get<DeviceDto>(`/devices/${deviceId}`)).assignment).toEqual(body);
    expect((await get<PatientDevicesDto>(`/patients/${patientId}/devices`)).items).toEqual([
      { externalId, kind: 'bedside-monitor', assignment: body },
    ]);
  });

  it('to two patients at one time is refused, naming who has it', async () => {
    const { deviceId } = await wards.device();
    const first = await assign(deviceId, { patientId: await wards.patient() });
    const second = await assign<Refusal>(deviceId, { patientId: await wards.patient(), until: at(hour) });
    expect(second).toMatchObject({
      status: 409,
      body: { code: 'device.already-assigned', assignment: first.body },
    });
  });

  it('lets one of fifty at once win', async () => {
    const { deviceId } = await wards.device();
    const patients = await Promise.all(Array.from({ length: 50 }, () => wards.patient()));
    const answers = await Promise.all(patients.map((patientId) => assign<Refusal>(deviceId, { patientId })));
    const statuses = answers.map(({ status }) => status).sort();
    expect(statuses).toEqual([201, ...Array<number>(49).fill(409)]);
    const winner = answers.find(({ status }) => status === 201)?.body;
    for (const { status, body } of answers) if (status === 409) expect(body.assignment).toEqual(winner);
    expect((await get<AssignmentPageDto>(`/devices/${deviceId}/assignments`)).items).toEqual([winner]);
  });

  it('moves it when told to, in one step without a gap', async () => {
    const { deviceId } = await wards.device();
    const [before, after] = [await wards.patient(), await wards.patient()];
    const first = await assign(deviceId, { patientId: before, from: at(-2 * hour) });
    const from = at(-hour);
    const second = await assign(deviceId, { patientId: after, from, endCurrent: true });
    expect(second.body).toMatchObject({ patientId: after, from, until: null });
    const { items } = await get<AssignmentPageDto>(`/devices/${deviceId}/assignments`);
    expect(items).toEqual([second.body, { ...first.body, until: from }]);
    expect(await released([first.body.id, second.body.id])).toEqual([first.body.id]);
    expect(await auditedEnds([before, after])).toEqual([{ actor_id: nurse.id, entity_ids: [first.body.id] }]);
  });

  it('moves nothing when the new assignment is refused', async () => {
    const { deviceId } = await wards.device();
    const first = await assign(deviceId, { patientId: await wards.patient(), from: at(-hour) });
    const planned = await assign(deviceId, { patientId: await wards.patient(), from: at(hour), endCurrent: true });
    const refused = await assign<Refusal>(deviceId, { patientId: await wards.patient(), endCurrent: true });
    expect(refused.body).toMatchObject({ code: 'device.already-assigned' });
    const { items } = await get<AssignmentPageDto>(`/devices/${deviceId}/assignments`);
    expect(items).toEqual([planned.body, { ...first.body, until: planned.body.from }]);
    expect(await released([first.body.id, planned.body.id])).toEqual([first.body.id]);
  });

  it('may follow another without a gap', async () => {
    const { deviceId } = await wards.device();
    const [from, until] = [at(-hour), at(hour)];
    await assign(deviceId, { patientId: await wards.patient(), from, until });
    expect((await assign(deviceId, { patientId: await wards.patient(), from: until })).status).toBe(201);
    expect(
      (await assign(deviceId, { patientId: await wards.patient(), from: at(-2 * hour), until: from })).status,
    ).toBe(201);
  });

  it.each([
    ['from', { from: at(-8 * 24 * hour) }],
    ['from', { from: at(8 * 24 * hour) }],
    ['from', { from: '2026-01-01T00:00:00' }],
    ['until', { until: at(-hour) }],
    ['wardId', { wardId: crypto.randomUUID() }],
    ['bedId', { bedId: crypto.randomUUID() }],
    ['patientId', { patientId: crypto.randomUUID() }],
    ['patientId', { patientId: 'x' }],
  ])('is refused for its %s with %j', async (field, values) => {
    const { deviceId } = await wards.device();
    const answer = await assign<Refusal>(deviceId, { patientId: await wards.patient(), ...values });
    expect(answer).toMatchObject({ status: 422, body: { errors: [{ field }] } });
  });

  it('refuses a bed of another ward, a closed ward, a deleted patient and a disabled device', async () => {
    const { deviceId } = await wards.device();
    const [patientId, closed] = [await wards.patient(), await wards.ward()];
    const elsewhere = await wards.bed(closed, '1');
    await wards.query('update {schema}.ward set active = false where id = $1', [closed]);
    const refused = async (values: object) => (await assign<Refusal>(deviceId, { patientId, ...values })).body;
    expect((await refused({ bedId: elsewhere })).errors).toMatchObject([{ field: 'bedId' }]);
    expect((await refused({ wardId: closed })).errors).toMatchObject([{ field: 'wardId' }]);
    await wards.query(`update {schema}.device set status = 'disabled' where id = $1`, [deviceId]);
    expect((await refused({})).code).toBe('device.disabled');
    await wards.query(`update {schema}.device set status = 'active' where id = $1`, [deviceId]);
    await wards.query(`update {schema}.patient set deleted_at = now(), deleted_reason = 'test' where id = $1`, [
      patientId,
    ]);
    expect((await refused({})).errors).toMatchObject([{ field: 'patientId' }]);
  });
});

describe('ending an assignment', () => {
  const end = <T = AssignmentDto>({ deviceId, id }: AssignmentDto, body: object = {}) =>
    post<T>(`/devices/${deviceId}/assignments/${id}/end`, body);

  it('frees the device, now or at the time named', async () => {
    const { deviceId } = await wards.device();
    const { body: first } = await assign(deviceId, { patientId: await wards.patient(), from: at(-hour) });
    const halfAgo = at(-hour / 2);
    expect(await end(first, { at: halfAgo })).toMatchObject({ status: 200, body: { ...first, until: halfAgo } });
    const { body: second } = await assign(deviceId, { patientId: await wards.patient(), from: halfAgo });
    expect((await end(second)).status).toBe(200);
    expect((await get<DeviceDto>(`/devices/${deviceId}`)).assignment).toBeNull();
  });

  it('is possible once, and not before it began', async () => {
    const { deviceId } = await wards.device();
    const { body } = await assign(deviceId, { patientId: await wards.patient(), from: at(-hour) });
    expect(await end<Refusal>(body, { at: at(-2 * hour) })).toMatchObject({
      status: 422,
      body: { errors: [{ field: 'at' }] },
    });
    await end(body);
    expect(await end<Refusal>(body)).toMatchObject({ status: 409, body: { code: 'device-assignment.ended' } });
    const { deviceId: another } = await wards.device();
    expect((await end<Refusal>({ ...body, deviceId: another })).body.code).toBe('device-assignment.not-found');
  });
});

describe('deleting a patient', () => {
  it('takes its devices off at that moment, and tells those who store readings', async () => {
    const admin = await api.signIn({ hospital, role: 'hospital_admin' });
    const epoch = async () => {
      const rows = await wards.query<{ epoch: string }>(
        'select epoch::text from public.ingest_epoch where hospital_id = $1',
        [hospital.id],
      );
      return Number(rows[0]?.epoch);
    };
    const [{ deviceId }, patientId] = [await wards.device(), await wards.patient()];
    const { body: past } = await assign(deviceId, { patientId, from: at(-2 * hour), until: at(-hour) });
    const { body: current } = await assign(deviceId, { patientId, from: at(-hour / 2), until: at(hour / 2) });
    const { body: planned } = await assign(deviceId, { patientId, from: at(hour) });
    const before = await epoch();
    const { status, body: deleted } = await api.send<{ deletedAt: string }>(
      {
        method: 'DELETE',
        url: `/api/v1/patients/${patientId}`,
        headers: { 'if-match': '"1"' },
        payload: { reason: 'Registered by mistake' },
      },
      admin,
    );
    expect(status).toBe(200);
    expect((await get<AssignmentPageDto>(`/devices/${deviceId}/assignments`)).items).toEqual([
      { ...current, until: deleted.deletedAt },
      past,
    ]);
    const [row] = await wards.query('select ended_by from {schema}.device_assignment where id = $1', [current.id]);
    expect(row).toEqual({ ended_by: admin.id });
    const off = [current.id, planned.id];
    expect(await released([past.id, ...off])).toEqual(off);
    expect(await auditedEnds([patientId])).toEqual(off.map((id) => ({ actor_id: admin.id, entity_ids: [id] })));
    expect(await epoch()).toBeGreaterThan(before);
  });
});

describe("a device's assignments", () => {
  it('come newest first, in pages', async () => {
    const { deviceId } = await wards.device();
    const made: AssignmentDto[] = [];
    for (let i = 5; i > 0; i--) {
      const period = { from: at(-i * hour), until: at((0.5 - i) * hour) };
      made.unshift((await assign(deviceId, { patientId: await wards.patient(), ...period })).body);
    }
    const seen: AssignmentDto[] = [];
    for (let cursor: string | null = ''; cursor !== null;) {
      const page: AssignmentPageDto = await get(
        `/devices/${deviceId}/assignments?limit=2${cursor && `&cursor=${cursor}`}`,
      );
      seen.push(...page.items);
      cursor = page.nextCursor;
    }
    expect(seen).toEqual(made);
  });
});
