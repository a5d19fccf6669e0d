import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { HospitalRole } from '@hms/contracts';
import { schemaOf, type Hospital } from '@hms/database';
import { uuidv7 } from 'uuidv7';
import { mailedInvitations } from '../../testing/mailed-invitations.js';
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
    await accept(await mailed(person));
    await invite({ ...person, roles: ['nurse'] }, stranger);
    await accept(await mailed(person, other));
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
