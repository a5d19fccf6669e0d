import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { schemaOf, type Hospital } from '@hms/database';
import { TestApi, type TestCaller } from '../../../testing/test-api.js';
import { asOwner, createTestHospital, dropTestHospital } from '../../../testing/test-hospital.js';
import { TestWards } from '../../../testing/test-ward.js';
import { untilBlocking } from '../../../testing/while-held.js';
import type { PatientDto } from '../../patients/patients.dto.js';
import { Synced } from '../testing/synced.js';
import type { ConflictDto, ConflictPageDto } from './conflicts.dto.js';

let api: TestApi;
let hospital: Hospital;
let wards: TestWards;
let synced: Synced;
let here: string;
let elsewhere: string;
let pharmacist: TestCaller;
let doctor: TestCaller;
/** Works on one ward, and made the changes. */
let nurse: TestCaller;
let device: string;
let patientId: string;

beforeAll(async () => {
  api = await TestApi.start();
  hospital = await createTestHospital();
  [wards, synced] = [new TestWards(hospital), new Synced(hospital)];
  [here, elsewhere] = [await wards.ward(), await wards.ward()];
  pharmacist = await api.signIn({ hospital, role: 'pharmacist' });
  doctor = await api.signIn({ hospital, role: 'doctor' });
});

beforeEach(async () => {
  nurse = await api.signIn({ hospital, role: 'nurse', wardIds: [here] });
  device = await synced.device(nurse.id);
  patientId = await wards.patient();
});

afterAll(async () => {
  await api.close();
  await dropTestHospital(hospital);
});

const phone = { field: 'phone', yours: '+353 1 111 1111', theirs: null };
const conflict = (over: object = {}) =>
  synced.conflict({ user_id: nurse.id, device_id: device, patient_id: patientId, fields: [phone], ...over });
const list = (query: Record<string, string> = {}, caller = nurse) =>
  api.send<ConflictPageDto>({ method: 'GET', url: '/api/v1/sync/conflicts', query }, caller);
const idsOf = ({ body }: { body: ConflictPageDto }) => body.items.map(({ id }) => id);
const resolve = (id: string, resolution: string, { caller = nurse, version = 1 } = {}) =>
  api.send<ConflictDto>(
    {
      method: 'POST',
      url: `/api/v1/sync/conflicts/${id}/resolution`,
      headers: { 'if-match': `"${String(version)}"` },
      payload: { resolution },
    },
    caller,
  );
const lie = (wardId: string) =>
  wards.query('update {schema}.patient set ward_id = $2 where id = $1', [patientId, wardId]);
const patient = async (): Promise<PatientDto> =>
  (await api.send<PatientDto>({ method: 'GET', url: `/api/v1/patients/${patientId}` }, doctor)).body;
const patch = async (payload: object): Promise<void> => {
  const headers = { 'if-match': `"${String((await patient()).version)}"` };
  await api.send({ method: 'PATCH', url: `/api/v1/patients/${patientId}`, headers, payload }, doctor);
};

describe('the inbox', () => {
  it('shows both values, who made the change, on which device, and when by its clock', async () => {
    const id = await conflict();
    const { status, body } = await list();
    expect(status).toBe(200);
    expect(body.items).toMatchObject([
      {
        id,
        entity: 'patients',
        rowId: patientId,
        patientId,
        kind: 'conflict',
        fields: [phone],
        author: { id: nurse.id, displayName: 'Test nurse' },
        device: { id: device, name: 'Tablet 3' },
        clientAt: '2026-02-01T08:00:00.000Z',
        skewMs: -2_000,
        resolution: null,
        version: 1,
      },
    ]);
  });

  it("holds one's own, newest first and paged, and those of one patient if that is asked", async () => {
    const [first, second] = [await conflict(), await conflict()];
    const another = patientId;
    patientId = await wards.patient();
    const third = await conflict();
    await conflict({ user_id: doctor.id });
    expect(idsOf(await list())).toEqual([third, second, first]);
    expect(idsOf(await list({ mine: 'true', patientId: another }))).toEqual([second, first]);
    const page = await list({ limit: '2' });
    expect(idsOf(await list({ limit: '2', cursor: page.body.nextCursor ?? '' }))).toEqual([first]);
  });

  it('holds those of the patients of a ward, for those who work there', async () => {
    const ward = await wards.ward();
    await lie(ward);
    const [theirs, own] = [await conflict(), await conflict({ user_id: doctor.id })];
    patientId = await wards.patient();
    await conflict();
    expect(idsOf(await list({ wardId: ward }, doctor))).toEqual([own, theirs]);
    expect(idsOf(await list({ wardId: ward, mine: 'true' }, doctor))).toEqual([own]);
    expect(await list({ wardId: ward })).toMatchObject({ status: 404, body: { code: 'ward.not-found' } });
  });

  it('leaves out what its reader may not see', async () => {
    const lab = await api.signIn({ hospital, role: 'lab_staff' });
    await conflict({ user_id: lab.id, entity: 'notes' });
    const id = await conflict({ user_id: lab.id, entity: 'conditions' });
    expect(idsOf(await list({}, lab))).toEqual([id]);
  });

  it('is for those who sync', async () => {
    expect((await list({}, pharmacist)).status).toBe(403);
  });
});

describe('a conflict resolved as theirs', () => {
  it('leaves the record as it is', async () => {
    const id = await conflict();
    const before = await patient();
    const { status, body, headers } = await resolve(id, 'theirs');
    expect({ status, etag: headers.etag }).toEqual({ status: 200, etag: '"2"' });
    expect(body).toMatchObject({ resolution: 'theirs', resolvedBy: { id: nurse.id, displayName: 'Test nurse' } });
    expect(await patient()).toEqual(before);
    expect(idsOf(await list())).toEqual([]);
    expect((await list({ state: 'resolved' })).body.items).toEqual([body]);
  });

  it.each(['patients', 'notes', 'observations'])('may be about %s', async (entity) => {
    expect((await resolve(await conflict({ entity }), 'theirs')).status).toBe(200);
  });
});

describe('a conflict resolved as mine', () => {
  it('gives the patient the values of the device', async () => {
    const fields = [phone, { field: 'birthDate', yours: '1980-05', theirs: '1980' }];
    const id = await conflict({ fields });
    const { status, body } = await resolve(id, 'mine');
    expect({ status, body }).toMatchObject({ status: 200, body: { resolution: 'mine' } });
    expect(await patient()).toMatchObject({ phone: phone.yours, birthDate: '1980-05', version: 2 });
    const { rows } = await asOwner((owner) =>
      owner.query('select type from public.outbox_event where hospital_id = $1 and payload @> $2', [
        hospital.id,
        { id: patientId },
      ]),
    );
    expect(rows).toEqual([{ type: 'patient.updated' }]);
  });

  it('does so although other fields changed since', async () => {
    const id = await conflict();
    await patch({ email: 'somebody@example.test' });
    expect((await resolve(id, 'mine')).status).toBe(200);
    expect(await patient()).toMatchObject({ phone: phone.yours, email: 'somebody@example.test' });
  });

  it.each([
    ['phone', phone.yours, { phone: '+353 1 222 2222' }],
    ['birthDate', '1980-05', { birthDate: '1981' }],
    ['identifiers', [], { identifiers: [{ system: 'urn:test', value: 'since' }] }],
  ])('does not when %s changed since, and stays open', async (field, yours, change) => {
    const id = await conflict({ fields: [{ field, yours, theirs: null }] });
    await patch(change);
    const before = await patient();
    expect(await resolve(id, 'mine')).toMatchObject({
      status: 409,
      body: { code: 'sync-conflict.changed-since', fields: [field] },
    });
    expect(await patient()).toEqual(before);
    expect(idsOf(await list())).toEqual([id]);
  });

  it('does not when somebody changes the field at the same time', async () => {
    const id = await conflict();
    const answer = await asOwner(async (owner) => {
      await owner.query('begin');
      await owner.query(`update ${schemaOf(hospital.slug)}.patient set phone = '+353 1 333 3333' where id = $1`, [
        patientId,
      ]);
      const resolved = resolve(id, 'mine');
      await untilBlocking(owner);
      await owner.query('commit');
      return resolved;
    });
    expect(answer).toMatchObject({ status: 409, body: { code: 'sync-conflict.changed-since' } });
  });

  it.each(['notes', 'allergies', 'conditions', 'observations'])('is not for %s', async (entity) => {
    const id = await conflict({ entity });
    expect(await resolve(id, 'mine')).toMatchObject({ status: 422, body: { code: 'sync-conflict.make-anew' } });
    expect(idsOf(await list())).toEqual([id]);
  });

  it('does not write what a PATCH would refuse', async () => {
    for (const fields of [[], [{ field: 'familyName', yours: '', theirs: 'x' }], [{ field: 'mrn', yours: '1' }]]) {
      expect(await resolve(await conflict({ fields }), 'mine')).toMatchObject({
        status: 422,
        body: { code: 'sync-conflict.make-anew' },
      });
    }
  });

  it('needs the permission of a PATCH', async () => {
    const lab = await api.signIn({ hospital, role: 'lab_staff' });
    const id = await conflict({ user_id: lab.id });
    expect(await resolve(id, 'mine', { caller: lab })).toMatchObject({ status: 403, body: { code: 'auth.forbidden' } });
    expect((await resolve(id, 'theirs', { caller: lab })).status).toBe(200);
  });

  it('finds no patient who was deleted meanwhile', async () => {
    const id = await conflict();
    await wards.query(`update {schema}.patient set deleted_at = now(), deleted_reason = 'twice' where id = $1`, [
      patientId,
    ]);
    expect(await resolve(id, 'mine')).toMatchObject({ status: 404, body: { code: 'patient.not-found' } });
    expect((await resolve(id, 'theirs')).status).toBe(200);
  });
});

describe('a conflict', () => {
  it('is resolved once, whoever of several is first', async () => {
    await lie(here);
    const id = await conflict();
    const answers = await Promise.all([
      resolve(id, 'mine'),
      resolve(id, 'theirs', { caller: doctor }),
      resolve(id, 'mine', { caller: doctor }),
    ]);
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 409, 409]);
    const [first] = answers.filter(({ status }) => status === 200);
    expect((await patient()).phone).toBe(first?.body.resolution === 'mine' ? phone.yours : null);
    for (const version of [1, 2]) {
      expect(await resolve(id, 'theirs', { version })).toMatchObject({
        status: 409,
        body: { code: 'sync-conflict.resolved' },
      });
    }
  });

  it('needs If-Match, and the version that is there', async () => {
    const id = await conflict();
    const url = `/api/v1/sync/conflicts/${id}/resolution`;
    const payload = { resolution: 'theirs' };
    expect((await api.send({ method: 'POST', url, payload }, nurse)).status).toBe(428);
    expect((await resolve(id, 'mine', { version: 7 })).status).toBe(412);
    expect((await patient()).phone).toBeNull();
  });

  it('is resolved by those who made the change or work on the ward, and is nothing to others', async () => {
    await lie(elsewhere);
    const colleague = await api.signIn({ hospital, role: 'nurse', wardIds: [here] });
    const id = await conflict();
    for (const resolution of ['theirs', 'mine']) {
      expect(await resolve(id, resolution, { caller: colleague })).toMatchObject({
        status: 404,
        body: { code: 'sync-conflict.not-found' },
      });
    }
    await lie(here);
    expect((await resolve(id, 'theirs', { caller: colleague })).status).toBe(200);
    await lie(elsewhere);
    expect((await resolve(await conflict(), 'theirs')).status).toBe(200);
  });
});
