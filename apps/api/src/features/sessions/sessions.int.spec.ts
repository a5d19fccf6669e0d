import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Problem } from '@hms/contracts';
import type { Hospital } from '@hms/database';
import { TestApi, type TestCaller } from '../../testing/test-api.js';
import { asOwner, createTestHospital, createTestUser, dropTestHospital } from '../../testing/test-hospital.js';
import { until } from '../../testing/until.js';
import type { LoginResultDto, TokensDto } from '../auth/auth.dto.js';
import { PasswordHasher } from '../auth/password-hasher.service.js';
import { LiveClient } from '../live/testing/live-client.js';
import type { SessionPageDto } from './sessions.dto.js';

const password = 'correct horse battery staple';
let api: TestApi;
let second: TestApi;
let hospital: Hospital;
let other: Hospital;
let passwordHash: string;

beforeAll(async () => {
  [api, second] = [await TestApi.start(), await TestApi.start()];
  [hospital, other] = [await createTestHospital(), await createTestHospital()];
  passwordHash = await new PasswordHasher().hash(password);
});

afterAll(async () => {
  await Promise.all([api.close(), second.close()]);
  await Promise.all([hospital, other].map(dropTestHospital));
});

type Caller = Pick<TestCaller, 'accessToken'>;
const nurse = () => createTestUser({ hospital, role: 'nurse', passwordHash });
const login = async (email: string, client?: string): Promise<LoginResultDto> => {
  const payload = { email, password, ...(client === undefined ? {} : { client }) };
  const headers = { 'user-agent': 'Ward phone 3' };
  const { status, body } = await api.send<LoginResultDto>({
    method: 'POST',
    url: '/api/v1/auth/login',
    payload,
    headers,
  });
  expect(status).toBe(200);
  return body;
};
const me = (caller: Caller, at = api) => at.send({ method: 'GET', url: '/api/v1/me' }, caller);
const refresh = (refreshToken: string) =>
  api.send<TokensDto & { code: string }>({ method: 'POST', url: '/api/v1/auth/refresh', payload: { refreshToken } });
const list = (caller: Caller, url = '/api/v1/auth/sessions') =>
  api.send<SessionPageDto>({ method: 'GET', url }, caller);
const end = (caller: Caller, url: string) => api.send({ method: 'DELETE', url }, caller);
const idOf = async (caller: Caller): Promise<string> => {
  const { body } = await list(caller);
  return body.items.find(({ current }) => current)?.id ?? '';
};
const age = (email: string, column: 'last_seen_at' | 'expires_at', by: string) =>
  asOwner((owner) =>
    owner.query(
      `update public.session set ${column} = ${column} - $2::interval
       where user_id = (select id from public.app_user where email = $1)`,
      [email, by],
    ),
  );
const lastSeen = async (id: string): Promise<number> => {
  const { rows } = await asOwner((owner) =>
    owner.query<{ seen: Date }>('select last_seen_at as seen from public.session where id = $1', [id]),
  );
  return rows[0]?.seen.getTime() ?? 0;
};

describe('the sessions of a user', () => {
  it('are listed newest first, with where they are used and which one asks', async () => {
    const { email } = await nurse();
    const [phone, browser] = [await login(email, 'device'), await login(email)];
    const { body } = await list(browser);
    expect(body.items.slice(0, 2)).toMatchObject([
      { kind: 'web', userAgent: 'Ward phone 3', ip: '127.0.0.1', hospital: hospital.slug, current: true },
      { kind: 'device', current: false },
    ]);
    expect((await list(phone)).body.items.map(({ current }) => current)).toEqual([false, true, false]);
    const days = (Date.parse(body.items[1]?.expiresAt ?? '') - Date.now()) / 86_400_000;
    expect(days).toBeCloseTo(30, 1);
  });

  it('are paged', async () => {
    const { email } = await nurse();
    const caller = await login(email);
    await login(email);
    const { body: first } = await list(caller, '/api/v1/auth/sessions?limit=2');
    const { body: rest } = await list(caller, `/api/v1/auth/sessions?limit=2&cursor=${first.nextCursor ?? ''}`);
    expect([first.items.length, rest.items.length, rest.nextCursor]).toEqual([2, 1, null]);
  });

  it('end one by one, by their user', async () => {
    const { email } = await nurse();
    const [lost, kept] = [await login(email, 'device'), await login(email)];
    expect((await end(kept, `/api/v1/auth/sessions/${await idOf(lost)}`)).status).toBe(204);
    expect((await me(lost)).status).toBe(401);
    expect((await refresh(lost.refreshToken)).status).toBe(401);
    expect((await me(kept)).status).toBe(200);
  });

  it('are nobody else’s to end', async () => {
    const [mine, theirs] = [await login((await nurse()).email), await login((await nurse()).email)];
    const url = `/api/v1/auth/sessions/${await idOf(theirs)}`;
    expect(await end(mine, url)).toMatchObject({ status: 404, body: { code: 'session.not-found' } });
    expect((await me(theirs)).status).toBe(200);
  });

  it('are seen and ended by the administrator of their hospital, and of no other', async () => {
    const user = await nurse();
    const caller = await login(user.email);
    const id = await idOf(caller);
    const admin = await api.signIn({ hospital, role: 'hospital_admin' });
    const stranger = await api.signIn({ hospital: other, role: 'hospital_admin' });
    const url = `/api/v1/users/${user.id}/sessions`;
    expect((await list(admin, url)).body.items.map((session) => session.id)).toContain(id);
    expect((await list(stranger, url)).status).toBe(404);
    expect((await end(stranger, `${url}/${id}`)).status).toBe(404);
    expect((await end(admin, `${url}/${id}`)).status).toBe(204);
    expect((await me(caller)).status).toBe(401);
  });

  it('of another hospital stay unseen by the administrator of one of the two', async () => {
    const user = await nurse();
    const caller = await login(user.email);
    await asOwner((owner) =>
      owner.query(
        `insert into public.membership (id, user_id, hospital_id, role) values (gen_random_uuid(), $1, $2, 'nurse')`,
        [user.id, other.id],
      ),
    );
    const admin = await api.signIn({ hospital: other, role: 'hospital_admin' });
    const url = `/api/v1/users/${user.id}/sessions`;
    expect((await list(admin, url)).body.items).toEqual([]);
    expect((await end(admin, `${url}/${await idOf(caller)}`)).body).toMatchObject({ code: 'session.not-found' });
  });
});

describe('a session at rest', () => {
  it.each([
    ['web', '14 minutes', '15 minutes'],
    ['shared-terminal', '4 minutes', '5 minutes'],
    ['device', '6 days 23 hours', '7 days'],
  ])('of kind %s counts after %s and no more after %s', async (kind, within, beyond) => {
    const { email } = await nurse();
    const session = await login(email, kind);
    await age(email, 'last_seen_at', within);
    expect((await refresh(session.refreshToken)).status).toBe(200);
    const idle = await login(email, kind);
    await age(email, 'last_seen_at', beyond);
    expect(await refresh(idle.refreshToken)).toMatchObject({ status: 401, body: { code: 'auth.session-idle' } });
    expect(await me(idle)).toMatchObject({ status: 401, body: { code: 'auth.session-idle' } });
  });

  it('is kept awake by requests, not by renewing its tokens; a device by both', async () => {
    for (const [kind, moved] of [
      ['web', false],
      ['shared-terminal', false],
      ['device', true],
    ] as const) {
      const { email } = await nurse();
      const { refreshToken } = await login(email, kind);
      await age(email, 'last_seen_at', '3 minutes');
      const { body } = await refresh(refreshToken);
      const id = JSON.parse(Buffer.from(body.accessToken.split('.')[1] ?? '', 'base64url').toString()) as {
        sid: string;
      };
      const before = Date.now() - 60_000;
      expect((await lastSeen(id.sid)) > before).toBe(moved);
      await me(body);
      await until(async () => (await lastSeen(id.sid)) > before);
    }
  });

  it('is not listed any more', async () => {
    const { email } = await nurse();
    await login(email, 'shared-terminal');
    await age(email, 'last_seen_at', '5 minutes');
    const { body } = await list(await login(email));
    expect(body.items.map(({ kind }) => kind)).not.toContain('shared-terminal');
  });

  it('ends at its longest life, however busy it is, and says so', async () => {
    const { email } = await nurse();
    const session = await login(email);
    await age(email, 'expires_at', '12 hours');
    expect(await me(session)).toMatchObject({ status: 401, body: { code: 'auth.session-expired' } });
    expect(await refresh(session.refreshToken)).toMatchObject({ status: 401, body: { code: 'auth.session-expired' } });
  });

  it('lives no longer for being renewed or for switching hospitals', async () => {
    const user = await nurse();
    await asOwner((owner) =>
      owner.query(
        `insert into public.membership (id, user_id, hospital_id, role) values (gen_random_uuid(), $1, $2, 'nurse')`,
        [user.id, other.id],
      ),
    );
    const payload = { email: user.email, password, hospital: hospital.slug, client: 'shared-terminal' };
    const { body: first } = await api.send<LoginResultDto>({ method: 'POST', url: '/api/v1/auth/login', payload });
    const ends = async (caller: Caller) => (await list(caller)).body.items.find(({ current }) => current);
    const before = await ends(first);
    const { body: renewed } = await refresh(first.refreshToken);
    const { body: switched } = await api.send<LoginResultDto>(
      { method: 'POST', url: '/api/v1/switch-hospital', payload: { hospital: other.slug } },
      renewed,
    );
    expect(await ends(switched)).toMatchObject({ kind: 'shared-terminal', expiresAt: before?.expiresAt });
  });
});

describe('a device, which may lie untouched for days', () => {
  const asDevice = (email: string, more: object = {}) =>
    api.send<LoginResultDto & Problem>({
      method: 'POST',
      url: '/api/v1/auth/login',
      payload: { email, password, client: 'device', ...more },
    });

  it.each(['super_admin', 'hospital_admin', 'pharmacist'] as const)('is not for a %s', async (role) => {
    const at = role === 'super_admin' ? null : hospital;
    const { email } = await createTestUser({ hospital: at, role, passwordHash });
    expect(await asDevice(email)).toMatchObject({ status: 403, body: { code: 'auth.device-refused' } });
  });

  it('counts no more once its user administers, and does not move to where they do', async () => {
    const user = await nurse();
    const join = (at: Hospital) =>
      asOwner((owner) =>
        owner.query(
          `insert into public.membership (id, user_id, hospital_id, role)
           values (gen_random_uuid(), $1, $2, 'hospital_admin')`,
          [user.id, at.id],
        ),
      );
    await join(other);
    const { body: session } = await asDevice(user.email, { hospital: hospital.slug });
    const move = { method: 'POST', url: '/api/v1/switch-hospital', payload: { hospital: other.slug } };
    expect((await api.send(move, session)).body.code).toBe('auth.device-refused');
    expect((await me(session)).status).toBe(200);
    await join(hospital);
    await until(async () => (await me(session)).status === 401, 5_000);
    expect((await refresh(session.refreshToken)).body.code).toBe('auth.refresh-invalid');
  });
});

describe('a revoked session', () => {
  it('is refused within 5 seconds by every process, and its sockets close', async () => {
    const user = await nurse();
    const session = await login(user.email);
    await second.application.nest.listen(0, '127.0.0.1');
    const socket = new LiveClient(await second.application.nest.getUrl(), { auth: { token: session.accessToken } });
    await socket.ready();
    expect((await me(session, second)).status).toBe(200);
    await end(session, `/api/v1/auth/sessions/${await idOf(session)}`);
    expect((await me(session)).status).toBe(401);
    await until(async () => (await me(session, second)).status === 401 && socket.ended !== undefined, 5_000);
    expect(socket.heard('expired')).toEqual([{ code: 'live.session-ended' }]);
  });

  it('is one of a suspended hospital, too: requests and sockets end within 5 seconds', async () => {
    const leaving = await createTestHospital();
    const caller = await api.signIn({ hospital: leaving, role: 'nurse' });
    const socket = new LiveClient(await second.application.nest.getUrl(), { auth: { token: caller.accessToken } });
    await socket.ready();
    await asOwner((o) => o.query(`update public.hospital set status = 'suspended' where id = $1`, [leaving.id]));
    await until(async () => (await me(caller, second)).status === 401 && socket.ended !== undefined, 5_000);
    await dropTestHospital(leaving);
  });
});
