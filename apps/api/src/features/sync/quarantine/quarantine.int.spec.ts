import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { Hospital } from '@hms/database';
import { auditRows } from '../../../testing/audit-rows.js';
import { TestApi, type TestCaller } from '../../../testing/test-api.js';
import { createTestHospital, dropTestHospital } from '../../../testing/test-hospital.js';
import { TestWards } from '../../../testing/test-ward.js';
import { Synced } from '../testing/synced.js';
import type { QuarantinedDetailDto, QuarantinedDto, QuarantinePageDto } from './quarantine.dto.js';

let api: TestApi;
let hospital: Hospital;
let admin: TestCaller;
let nurse: TestCaller;
let doctor: TestCaller;
let synced: Synced;
let device: string;
let patientId: string;

beforeAll(async () => {
  api = await TestApi.start();
  hospital = await createTestHospital();
  admin = await api.signIn({ hospital, role: 'hospital_admin' });
  synced = new Synced(hospital);
  patientId = await new TestWards(hospital).patient();
});

beforeEach(async () => {
  nurse = await api.signIn({ hospital, role: 'nurse' });
  doctor = await api.signIn({ hospital, role: 'doctor' });
  device = await synced.device(nurse.id);
});

afterAll(async () => {
  await api.close();
  await dropTestHospital(hospital);
});

const refused = (over: object = {}) =>
  synced.quarantined({ user_id: nurse.id, device_id: device, patient_id: patientId, ...over });
const list = (caller: TestCaller, path = '/sync/quarantine', query: Record<string, string> = {}) =>
  api.send<QuarantinePageDto>({ method: 'GET', url: `/api/v1${path}`, query }, caller);
const get = (caller: TestCaller, id: string, path = '/sync/quarantine') =>
  api.send<QuarantinedDetailDto>({ method: 'GET', url: `/api/v1${path}/${id}` }, caller);
const review = (id: string, payload: object = { outcome: 'discarded', note: 'Was tried out' }, caller = admin) =>
  api.send<QuarantinedDto>({ method: 'POST', url: `/api/v1/sync/quarantine/${id}/review`, payload }, caller);
const idsOf = ({ body }: { body: QuarantinePageDto }) => body.items.map(({ id }) => id);
const ofNurse = () => ({ userId: nurse.id });

describe('refused changes', () => {
  it('are shown with who made them, where, and why they were refused', async () => {
    const id = await refused();
    const { body } = await list(admin, '/sync/quarantine', ofNurse());
    expect(body.items).toMatchObject([
      {
        id,
        user: { id: nurse.id, displayName: 'Test nurse' },
        device: { id: device, name: 'Tablet 3' },
        seq: 7,
        entity: 'notes',
        patientId,
        code: 'forbidden_scope',
        outcome: null,
        reviewedBy: null,
      },
    ]);
    expect(body.items[0]).not.toHaveProperty('op');
  });

  it('are shown whole one by one, and who looked is in the audit', async () => {
    const op = { kind: 'create', patch: { text: 'Slept well' } };
    const id = await refused({ op: JSON.stringify(op) });
    expect((await get(admin, id)).body).toMatchObject({ id, op });
    expect((await get(nurse, id, '/me/sync/quarantine')).body).toMatchObject({ id, op });
    const [row] = await auditRows(hospital, nurse.id);
    expect(row).toMatchObject({
      action: 'read',
      entity: 'sync-quarantine',
      entity_ids: [id],
      patient_ids: [patientId],
    });
  });

  it('are filtered by user, code and state, newest first, and paged without a gap', async () => {
    const [first, second] = [await refused(), await refused({ code: 'invalid' })];
    await synced.quarantined({ user_id: doctor.id, device_id: device });
    expect(idsOf(await list(admin, '/sync/quarantine', ofNurse()))).toEqual([second, first]);
    expect(idsOf(await list(admin, '/sync/quarantine', { ...ofNurse(), code: 'invalid' }))).toEqual([second]);
    const page = await list(admin, '/sync/quarantine', { ...ofNurse(), limit: '1' });
    const cursor = page.body.nextCursor ?? '';
    expect(idsOf(await list(admin, '/sync/quarantine', { ...ofNurse(), limit: '1', cursor }))).toEqual([first]);
    await review(first);
    expect(idsOf(await list(admin, '/sync/quarantine', ofNurse()))).toEqual([second]);
    expect(idsOf(await list(admin, '/sync/quarantine', { ...ofNurse(), state: 'reviewed' }))).toEqual([first]);
  });

  it('are shown to those who made them, and to nobody else but supervisors', async () => {
    const id = await refused();
    expect(idsOf(await list(nurse, '/me/sync/quarantine'))).toEqual([id]);
    expect(idsOf(await list(doctor, '/me/sync/quarantine'))).toEqual([]);
    expect((await get(doctor, id, '/me/sync/quarantine')).status).toBe(404);
    expect((await list(nurse)).status).toBe(403);
    expect((await get(nurse, id)).status).toBe(403);
    expect((await list(nurse, '/me/sync/quarantine', { userId: doctor.id })).status).toBe(422);
  });
});

describe('a review', () => {
  it('says who decided what, and why', async () => {
    const id = await refused();
    const { status, body } = await review(id, { outcome: 'reissued', note: 'Written anew by hand' });
    expect(status).toBe(200);
    expect(body).toMatchObject({
      outcome: 'reissued',
      outcomeNote: 'Written anew by hand',
      reviewedBy: { id: admin.id, displayName: 'Test hospital_admin' },
    });
    expect((await get(admin, id)).body).toMatchObject(body);
  });

  it('is made once, whoever of several is first', async () => {
    const id = await refused();
    const answers = await Promise.all(
      ['discarded', 'reissued', 'discarded'].map((outcome) => review(id, { outcome, note: 'Looked at' })),
    );
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 409, 409]);
    expect(await review(id)).toMatchObject({ status: 409, body: { code: 'sync-quarantine.reviewed' } });
  });

  it('is for supervisors, and of what there is', async () => {
    const id = await refused();
    expect((await review(id, { outcome: 'discarded', note: 'mine' }, nurse)).status).toBe(403);
    expect(await review(patientId)).toMatchObject({ status: 404, body: { code: 'sync-quarantine.not-found' } });
  });

  it.each([
    ['outcome', { outcome: 'lost', note: 'Looked at' }],
    ['note', { outcome: 'discarded', note: 'no' }],
  ])('names %s as the field to change', async (field, payload) => {
    expect(await review(await refused(), payload)).toMatchObject({ status: 422, body: { errors: [{ field }] } });
  });
});
