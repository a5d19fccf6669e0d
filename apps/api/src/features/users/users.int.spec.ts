import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { HospitalRole, Problem } from '@hms/contracts';
import { schemaOf, type Hospital } from '@hms/database';
import { uuidv7 } from 'uuidv7';
import { TestApi, type TestCaller } from '../../testing/test-api.js';
import { asOwner, createTestHospital, dropTestHospital } from '../../testing/test-hospital.js';
import { until } from '../../testing/until.js';
import type { InvitationDto, UserDto, UserPageDto } from './users.dto.js';

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
const login = (email: string, slug?: string, chosen = password) =>
  api.send<{ accessToken: string; code: string }>({
    method: 'POST',
    url: '/api/v1/auth/login',
    payload: { email, password: chosen, ...(slug === undefined ? {} : { hospital: slug }) },
  });
const get = <T = UserDto>(id: string, caller = admin) =>
  api.send<T>({ method: 'GET', url: `/api/v1/users/${id}` }, caller);
const list = (query: Record<string, string>, caller = admin) =>
  api.send<UserPageDto>({ method: 'GET', url: '/api/v1/users', query }, caller);
const setRoles = <T = UserDto>(id: string, roles: HospitalRole[], more: object = {}, caller = admin) =>
  api.send<T>({ method: 'PUT', url: `/api/v1/users/${id}/roles`, payload: { roles, ...more } }, caller);
const post = <T = UserDto>(id: string, verb: 'disable' | 'enable', caller = admin) =>
  api.send<T>({ method: 'POST', url: `/api/v1/users/${id}/${verb}` }, caller);
const me = (caller: { accessToken: string }) =>
  api.send<{ permissions: string[] }>({ method: 'GET', url: '/api/v1/me' }, caller);

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
    expect((await accept(body.invitationToken)).status).toBe(204);
    expect((await accept(body.invitationToken)).status).toBe(404);
    expect((await login(person.email)).status).toBe(200);
    expect((await get(body.user.id)).body.status).toBe('active');
  });

  it('is stored as nothing but a hash', async () => {
    const { body } = await invite({ ...somebody(), roles: ['nurse'] });
    const { rows } = await asOwner((o) =>
      o.query<{ row: string }>('select i::text as row from public.invitation i where user_id = $1', [body.user.id]),
    );
    expect(rows).toHaveLength(1);
    expect(rows[0]!.row).not.toContain(body.invitationToken);
  });

  it('given again replaces roles and token', async () => {
    const person = somebody();
    const first = (await invite({ ...person, roles: ['nurse', 'pharmacist'] })).body;
    const second = (await invite({ ...person, email: person.email.toUpperCase(), roles: ['doctor', 'nurse'] })).body;
    expect(second.user).toMatchObject({ id: first.user.id, roles: ['doctor', 'nurse'] });
    expect((await accept(first.invitationToken)).status).toBe(404);
    expect((await accept(second.invitationToken)).status).toBe(204);
    expect(await invite({ ...person, roles: ['nurse'] })).toMatchObject({
      status: 409,
      body: { code: 'user.already-member' },
    });
  });

  it('given ten times at once makes one member with one valid token', async () => {
    const person = somebody();
    const answers = await Promise.all(Array.from({ length: 10 }, () => invite({ ...person, roles: ['nurse'] })));
    expect(new Set(answers.map(({ body }) => body.user.id)).size).toBe(1);
    const accepted = await Promise.all(answers.map(({ body }) => accept(body.invitationToken)));
    expect(accepted.map(({ status }) => status).sort()).toEqual([204, ...Array<number>(9).fill(404)]);
  });

  it('counts only once the person accepts it', async () => {
    const person = somebody();
    const stranger = await api.signIn({ hospital: other, role: 'hospital_admin' });
    const theirs = (await invite({ ...person, roles: ['doctor'] }, stranger)).body;
    await accept(theirs.invitationToken);
    const ours = (await invite({ ...person, displayName: 'Renamed', roles: ['nurse'] })).body;
    expect(ours.user).toMatchObject({ displayName: 'Some Body', roles: ['nurse'], status: 'invited' });
    expect((await login(person.email, hospital.slug)).status).toBe(403);
    expect((await login(person.email)).status).toBe(200);
    expect((await accept(ours.invitationToken)).status).toBe(204);
    expect((await login(person.email, hospital.slug)).status).toBe(200);
    expect((await get(theirs.user.id, stranger)).body.roles).toEqual(['doctor']);
  });

  it("never lets the administrator of one hospital into another through a colleague's account", async () => {
    const person = somebody();
    const stranger = await api.signIn({ hospital: other, role: 'hospital_admin' });
    const known = (await invite({ ...person, roles: ['doctor'] }, stranger)).body.invitationToken;
    const ours = (await invite({ ...person, roles: ['doctor'] })).body.invitationToken;
    expect((await accept(known, 'a password of the administrator')).status).toBe(204);
    expect((await login(person.email, hospital.slug, 'a password of the administrator')).status).toBe(403);
    expect((await accept(known, 'a password of the administrator')).status).toBe(404);
    expect(await accept(ours, 'the password of the person')).toMatchObject({
      status: 401,
      body: { code: 'auth.invalid-credentials' },
    });
    expect((await login(person.email, hospital.slug, 'a password of the administrator')).status).toBe(403);
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

describe('the members of a hospital', () => {
  it('are listed by name, filtered, counted and paged', async () => {
    const pharmacist = { hospital: other, role: 'pharmacist' } as const;
    const [a, b] = [await api.signIn(pharmacist), await api.signIn(pharmacist)];
    const boss = await api.signIn({ hospital: other, role: 'hospital_admin' });
    const { body, headers } = await list({ role: 'pharmacist', status: 'active', count: 'true' }, boss);
    expect(body.items.map(({ id }) => id)).toEqual([a.id, b.id].sort());
    expect(headers['x-total-count']).toBe('2');
    const first = (await list({ role: 'pharmacist', limit: '1' }, boss)).body;
    const second = (await list({ role: 'pharmacist', limit: '1', cursor: first.nextCursor! }, boss)).body;
    expect([first.items[0]!.id, second.items[0]!.id]).toEqual(body.items.map(({ id }) => id));
    expect(second.nextCursor).toBeNull();
  });

  it('are found by part of name or address, taken literally', async () => {
    const { body } = await invite({ ...somebody(), displayName: 'Per_cent 100%', roles: ['lab_staff'] });
    const found = async (q: string) => (await list({ q })).body.items.map(({ id }) => id);
    expect(await found('per_CENT 100%')).toEqual([body.user.id]);
    expect(await found(body.user.email)).toEqual([body.user.id]);
    expect(await found('r_c%1')).toEqual([]);
    expect(await found('Per%cent')).toEqual([]);
  });

  it('are told apart by status', async () => {
    const { user } = (await invite({ ...somebody(), displayName: 'Status', roles: ['nurse'] })).body;
    const statusOf = async () => {
      const having = async (status: string) => (await list({ q: 'Status', status })).body.items.map(({ id }) => id);
      return { invited: await having('invited'), active: await having('active'), disabled: await having('disabled') };
    };
    expect(await statusOf()).toEqual({ invited: [user.id], active: [], disabled: [] });
    await post(user.id, 'disable');
    expect(await statusOf()).toEqual({ invited: [], active: [], disabled: [user.id] });
  });

  it('are nobody’s business elsewhere', async () => {
    const stranger = await api.signIn({ hospital: other, role: 'nurse' });
    const nowhere = '01900000-0000-7000-8000-000000000000';
    for (const id of [stranger.id, nowhere]) {
      const answers = [
        await get(id),
        await setRoles(id, ['nurse']),
        await post(id, 'disable'),
        await post(id, 'enable'),
      ];
      expect(answers.map(({ status }) => status)).toEqual([404, 404, 404, 404]);
    }
    expect((await me(stranger)).status).toBe(200);
    expect((await list({ limit: '100' })).body.items.map(({ id }) => id)).not.toContain(stranger.id);
  });
});

describe('the roles of a member', () => {
  it('are replaced, and open sessions have the new rights at once', async () => {
    const nurse = await api.signIn({ hospital, role: 'nurse' });
    const ward = await insertWard(hospital);
    expect((await me(nurse)).body.permissions).toContain('allergy:write');
    const { body } = await setRoles(nurse.id, ['receptionist'], { wardIds: [ward] });
    expect(body).toMatchObject({ roles: ['receptionist'], wardIds: [ward] });
    const { permissions } = (await me(nurse)).body;
    expect(permissions).toContain('patient:check-in');
    expect(permissions).not.toContain('allergy:write');
    expect((await setRoles(nurse.id, ['receptionist', 'nurse'])).body).toMatchObject({ wardIds: null });
  });

  it('do not mix with a patient’s login', async () => {
    const patient = await api.signIn({ hospital, role: 'patient' });
    expect(await setRoles(patient.id, ['nurse'])).toMatchObject({
      status: 409,
      body: { code: 'user.patient-account' },
    });
    expect((await setRoles(admin.id, ['patient'])).status).toBe(422);
  });
});

describe('a disabled member', () => {
  it('is out of this hospital at once, and of this one only', async () => {
    const person = somebody();
    const stranger = await api.signIn({ hospital: other, role: 'hospital_admin' });
    const { body } = await invite({ ...person, roles: ['nurse'] });
    await accept(body.invitationToken);
    await accept((await invite({ ...person, roles: ['nurse'] }, stranger)).body.invitationToken);
    const here = (await login(person.email, hospital.slug)).body;
    const there = (await login(person.email, other.slug)).body;
    expect((await me(here)).status).toBe(200);
    expect((await post(body.user.id, 'disable')).body.status).toBe('disabled');
    expect((await me(here)).status).toBe(401);
    expect((await me(there)).status).toBe(200);
    expect((await login(person.email, hospital.slug)).body.code).toBe('auth.not-a-member');
    await post(body.user.id, 'enable');
    expect((await me(here)).status).toBe(401);
    expect((await login(person.email, hospital.slug)).status).toBe(200);
  });

  it('is out of every other process within 5 seconds', async () => {
    const elsewhere = await TestApi.start();
    try {
      const nurse = await api.signIn({ hospital, role: 'nurse' });
      const request = { method: 'GET', url: '/api/v1/me' } as const;
      expect((await elsewhere.send(request, nurse)).status).toBe(200);
      await post(nurse.id, 'disable');
      await until(async () => (await elsewhere.send(request, nurse)).status === 401, 5_000);
    } finally {
      await elsewhere.close();
    }
  }, 15_000);

  it('is never oneself', async () => {
    expect(await post(admin.id.toUpperCase(), 'disable')).toMatchObject({
      status: 409,
      body: { code: 'user.self-disable' },
    });
  });
});

describe('the last administrator', () => {
  const boss = (at: Hospital) => api.signIn({ hospital: at, role: 'hospital_admin' });

  it('keeps the role, also when the only other one has not accepted yet', async () => {
    const small = await createTestHospital();
    try {
      const only = await boss(small);
      await invite({ ...somebody(), roles: ['hospital_admin'] }, only);
      expect(await setRoles(only.id, ['doctor'], {}, only)).toMatchObject({
        status: 409,
        body: { code: 'user.last-admin' },
      });
      expect((await get(only.id, only)).body.roles).toEqual(['hospital_admin']);
      const second = await boss(small);
      expect((await setRoles(only.id, ['doctor'], {}, second)).status).toBe(200);
    } finally {
      await dropTestHospital(small);
    }
  });

  it.each(['resign', 'disable each other'])(
    'is left when all administrators %s at the same moment',
    async (how) => {
      const small = await createTestHospital();
      try {
        for (let round = 0; round < 5; round++) {
          const bosses = await Promise.all(Array.from({ length: 4 }, () => boss(small)));
          await asOwner((o) =>
            o.query(`update public.membership set revoked_at = now() where hospital_id = $1 and user_id <> all ($2)`, [
              small.id,
              bosses.map(({ id }) => id),
            ]),
          );
          const answers = await Promise.all(
            bosses.map((one, i) =>
              how === 'resign'
                ? setRoles(one.id, ['doctor'], {}, one)
                : post(bosses[(i + 1) % bosses.length]!.id, 'disable', one),
            ),
          );
          const refused = answers.filter(({ status }) => status !== 200);
          expect(refused).toMatchObject([{ status: 409, body: { code: 'user.last-admin' } }]);
        }
      } finally {
        await dropTestHospital(small);
      }
    },
    20_000,
  );
});
