import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { HospitalRole, Problem } from '@hms/contracts';
import { schemaOf, type Hospital } from '@hms/database';
import { uuidv7 } from 'uuidv7';
import { mailedInvitations } from '../../testing/mailed-invitations.js';
import { TestApi, type TestCaller } from '../../testing/test-api.js';
import { asOwner, createTestHospital, dropTestHospital } from '../../testing/test-hospital.js';
import type { InvitationDto, UserDto } from './users.dto.js';

const password = 'correct horse battery staple';
let api: TestApi;
let hospital: Hospital;
let other: Hospital;
let admin: TestCaller;
let people = 0;

beforeAll(async () => {
  api = await TestApi.start();
  [hospital, other] = [await createTestHospital(), await createTestHospital()];
  admin = await api.signIn({ hospital, role: 'hospital_admin' });
});

afterAll(async () => {
  await api.close();
  await Promise.all([hospital, other].map(dropTestHospital));
});

const somebody = () => ({
  email: `person.${String(++people)}.${hospital.slug}@example.test`,
  displayName: 'Some Body',
});
const invite = <T = InvitationDto>(payload: object, caller = admin) =>
  api.send<T>({ method: 'POST', url: '/api/v1/users/invitations', payload }, caller);
const accept = (token: string, chosen = password) =>
  api.send({ method: 'POST', url: '/api/v1/auth/invitations/accept', payload: { token, password: chosen } });
/** The token of the newest invitation to an address. */
const mailed = async ({ email }: { email: string }, at = hospital): Promise<string> =>
  (await mailedInvitations(api, at, email)).at(-1) ?? '';
const login = (email: string, slug?: string, chosen = password) =>
  api.send<{ accessToken: string; code: string }>({
    method: 'POST',
    url: '/api/v1/auth/login',
    payload: { email, password: chosen, ...(slug === undefined ? {} : { hospital: slug }) },
  });
const get = <T = UserDto>(id: string, caller = admin) =>
  api.send<T>({ method: 'GET', url: `/api/v1/users/${id}` }, caller);
const setRoles = <T = UserDto>(id: string, roles: HospitalRole[], more: object = {}, caller = admin) =>
  api.send<T>({ method: 'PUT', url: `/api/v1/users/${id}/roles`, payload: { roles, ...more } }, caller);
const post = <T = UserDto>(id: string, verb: 'disable' | 'enable', caller = admin) =>
  api.send<T>({ method: 'POST', url: `/api/v1/users/${id}/${verb}` }, caller);

const insertWard = async (at: Hospital): Promise<string> => {
  const id = uuidv7();
  const code = id.slice(-12).toUpperCase();
  await asOwner((o) =>
    o.query(`insert into ${schemaOf(at.slug)}.ward (id, code, name) values ($1, $2, 'Ward')`, [id, code]),
  );
  return id;
};
const insertPatient = async (at: Hospital): Promise<string> => {
  const id = uuidv7();
  await asOwner((o) =>
    o.query(
      `insert into ${schemaOf(at.slug)}.patient (id, mrn, family_name, given_name, created_by, updated_by)
       values ($1::uuid, $1::text, 'A', 'B', $1::uuid, $1::uuid)`,
      [id],
    ),
  );
  return id;
};

describe('an invitation', () => {
  it('makes a member who chooses a password and signs in', async () => {
    const person = somebody();
    const { status, body } = await invite({ ...person, roles: ['nurse', 'doctor'] });
    expect(status).toBe(201);
    expect(body.user).toMatchObject({ ...person, status: 'invited', roles: ['doctor', 'nurse'], wardIds: null });
    const week = 7 * 24 * 3_600_000;
    expect(Math.abs(Date.parse(body.expiresAt) - Date.now() - week)).toBeLessThan(60_000);
    expect((await login(person.email)).status).toBe(401);
    const token = await mailed(person);
    expect((await accept(token)).status).toBe(204);
    expect((await accept(token)).status).toBe(404);
    expect((await login(person.email)).status).toBe(200);
    expect((await get(body.user.id)).body.status).toBe('active');
  });

  it('tells its token to nobody but the mailbox: neither whoever invites nor what is stored', async () => {
    const person = somebody();
    const { body } = await invite({ ...person, roles: ['nurse'] });
    const token = await mailed(person);
    const { rows } = await asOwner((o) =>
      o.query<{ row: string }>(
        `select i::text as row from public.invitation i where user_id = $1
         union all select e::text from public.outbox_event e where hospital_id = $2
         union all select a::text from ${schemaOf(hospital.slug)}.audit_event a
         union all select k::text from public.idempotency_key k`,
        [body.user.id, hospital.id],
      ),
    );
    expect(rows.map(({ row }) => row).join()).toContain(body.user.id);
    for (const told of [JSON.stringify(body), ...rows.map(({ row }) => row)]) expect(told).not.toContain(token);
  });

  it('given again replaces roles and token', async () => {
    const person = somebody();
    const first = (await invite({ ...person, roles: ['nurse', 'pharmacist'] })).body;
    const older = await mailed(person);
    const second = (await invite({ ...person, email: person.email.toUpperCase(), roles: ['doctor', 'nurse'] })).body;
    expect(second.user).toMatchObject({ id: first.user.id, roles: ['doctor', 'nurse'] });
    expect((await accept(older)).status).toBe(404);
    expect((await accept(await mailed(person))).status).toBe(204);
    expect(await invite({ ...person, roles: ['nurse'] })).toMatchObject({
      status: 409,
      body: { code: 'user.already-member' },
    });
  });

  it('given ten times at once makes one member with one valid token', async () => {
    const person = somebody();
    const answers = await Promise.all(Array.from({ length: 10 }, () => invite({ ...person, roles: ['nurse'] })));
    expect(new Set(answers.map(({ body }) => body.user.id)).size).toBe(1);
    const tokens = await mailedInvitations(api, hospital, person.email);
    const accepted = await Promise.all(tokens.map((token) => accept(token)));
    expect(accepted.map(({ status }) => status).sort()).toEqual([204, ...Array<number>(9).fill(404)]);
  });

  it('counts only once the person accepts it', async () => {
    const person = somebody();
    const stranger = await api.signIn({ hospital: other, role: 'hospital_admin' });
    const theirs = (await invite({ ...person, roles: ['doctor'] }, stranger)).body;
    await accept(await mailed(person, other));
    const ours = (await invite({ ...person, displayName: 'Renamed', roles: ['nurse'] })).body;
    expect(ours.user).toMatchObject({ displayName: 'Some Body', roles: ['nurse'], status: 'invited' });
    expect((await login(person.email, hospital.slug)).status).toBe(403);
    expect((await login(person.email)).status).toBe(200);
    expect((await accept(await mailed(person))).status).toBe(204);
    expect((await login(person.email, hospital.slug)).status).toBe(200);
    expect((await get(theirs.user.id, stranger)).body.roles).toEqual(['doctor']);
  });

  it("never lets the administrator of one hospital into another through a colleague's account", async () => {
    const person = somebody();
    const stranger = await api.signIn({ hospital: other, role: 'hospital_admin' });
    await invite({ ...person, roles: ['doctor'] }, stranger);
    await invite({ ...person, roles: ['doctor'] });
    const [known, ours] = [await mailed(person, other), await mailed(person)];
    expect((await accept(known, 'a password of the administrator')).status).toBe(204);
    expect((await login(person.email, hospital.slug, 'a password of the administrator')).status).toBe(403);
    expect((await accept(known, 'a password of the administrator')).status).toBe(404);
    expect(await accept(ours, 'the password of the person')).toMatchObject({
      status: 401,
      body: { code: 'auth.invalid-credentials' },
    });
    expect((await login(person.email, hospital.slug, 'a password of the administrator')).status).toBe(403);
  });

  it.each([
    ['was disabled', (id: string) => post(id, 'disable')],
    ['administers no more', (id: string) => setRoles(id, ['nurse'])],
  ])('ends with the right of its sender to invite: who %s', async (_, lose) => {
    const sender = await api.signIn({ hospital, role: 'hospital_admin' });
    const person = somebody();
    await invite({ ...person, roles: ['hospital_admin'] }, sender);
    await lose(sender.id);
    expect((await accept(await mailed(person))).body.code).toBe('auth.invitation-invalid');
    await invite({ ...person, roles: ['nurse'] });
    expect((await accept(await mailed(person))).status).toBe(204);
  });

  it('ends with time, and when the person is shut out before accepting', async () => {
    const [late, unwanted] = [somebody(), somebody()];
    await invite({ ...late, roles: ['nurse'] });
    const { body } = await invite({ ...unwanted, roles: ['nurse'] });
    await asOwner((o) =>
      o.query(
        `update public.invitation set expires_at = now()
          where user_id = (select id from public.app_user where email = $1)`,
        [late.email],
      ),
    );
    await post(body.user.id, 'disable');
    for (const person of [late, unwanted]) expect((await accept(await mailed(person))).status).toBe(404);
  });

  it('is one of a person and a hospital at most, the database agrees', async () => {
    const person = somebody();
    const { body } = await invite({ ...person, roles: ['nurse'] });
    const second = asOwner((o) =>
      o.query(
        `insert into public.invitation (token_hash, user_id, hospital_id, created_by, expires_at)
         values (sha256(gen_random_uuid()::text::bytea), $1, $2, $3, now() + interval '1 day')`,
        [body.user.id, hospital.id, admin.id],
      ),
    );
    await expect(second).rejects.toThrow('invitation_open');
  });

  it('is accepted by somebody whose account strangers guess at', async () => {
    const person = somebody();
    await invite({ ...person, roles: ['nurse'] });
    await accept(await mailed(person));
    const stranger = await api.signIn({ hospital: other, role: 'hospital_admin' });
    await invite({ ...person, roles: ['nurse'] }, stranger);
    for (let i = 0; i < 6; i++) await login(person.email, hospital.slug, `guess ${uuidv7()}`);
    expect((await login(person.email, hospital.slug)).status).toBe(429);
    expect((await accept(await mailed(person, other))).status).toBe(204);
  });

  it('sets the password of an account that has none, such as one that signs in with another provider', async () => {
    const patient = await api.signIn({ hospital: other, role: 'patient' });
    await invite({
      email: patient.email,
      displayName: 'x',
      roles: ['patient'],
      patientId: await insertPatient(hospital),
    });
    expect((await accept(await mailed(patient))).status).toBe(204);
    expect((await login(patient.email, hospital.slug)).status).toBe(200);
  });

  it('does not open an account the platform closed', async () => {
    const person = somebody();
    const { body } = await invite({ ...person, roles: ['nurse'] });
    await asOwner((o) => o.query(`update public.app_user set status = 'disabled' where id = $1`, [body.user.id]));
    expect(await invite({ ...person, roles: ['nurse'] })).toMatchObject({
      status: 409,
      body: { code: 'user.account-disabled' },
    });
  });

  it('limits to wards, and ties a patient to a record, of this hospital only', async () => {
    const [ward, foreignWard] = [await insertWard(hospital), await insertWard(other)];
    const [patient, foreignPatient] = [await insertPatient(hospital), await insertPatient(other)];
    const nurse = await invite({ ...somebody(), roles: ['nurse'], wardIds: [ward.toUpperCase()] });
    expect(nurse.body.user.wardIds).toEqual([ward]);
    const subject = await invite({ ...somebody(), roles: ['patient'], patientId: patient });
    expect(subject.body.user).toMatchObject({ roles: ['patient'], patientId: patient });
    for (const [field, wrong] of [
      ['wardIds', { roles: ['nurse'], wardIds: [ward, foreignWard] }],
      ['patientId', { roles: ['patient'], patientId: foreignPatient }],
      ['patientId', { roles: ['patient'] }],
      ['roles', { roles: ['super_admin'] }],
      ['roles', { roles: [] }],
    ] as const) {
      const { status, body } = await invite<Problem>({ ...somebody(), ...wrong });
      expect({ status, field: body.errors?.[0]?.field }).toEqual({ status: 422, field });
    }
  });
});
