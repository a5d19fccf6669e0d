import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import type { Hospital } from '@hms/database';
import { uuidv7 } from 'uuidv7';
import { auditRows } from '../../testing/audit-rows.js';
import { TestApi, type TestCaller } from '../../testing/test-api.js';
import { asOwner, createTestHospital, createTestUser, dropTestHospital } from '../../testing/test-hospital.js';
import type { LoginResultDto, MeDto, TokensDto } from './auth.dto.js';
import { PasswordHasher } from './password-hasher.service.js';

const password = 'correct horse battery staple';
let api: TestApi;
let hospital: Hospital;
let other: Hospital;
let passwordHash: string;

beforeAll(async () => {
  api = await TestApi.start();
  [hospital, other] = [await createTestHospital(), await createTestHospital()];
  passwordHash = await new PasswordHasher().hash(password);
});

afterAll(async () => {
  await api.close();
  await Promise.all([hospital, other].map(dropTestHospital));
});

const login = <T = LoginResultDto>(payload: object) =>
  api.send<T>({ method: 'POST', url: '/api/v1/auth/login', payload });
const refresh = <T = TokensDto>(refreshToken: string) =>
  api.send<T>({ method: 'POST', url: '/api/v1/auth/refresh', payload: { refreshToken } });
const me = (caller: Pick<TestCaller, 'accessToken'>) => api.send<MeDto>({ method: 'GET', url: '/api/v1/me' }, caller);
const doctor = () => createTestUser({ hospital, role: 'doctor', passwordHash });

async function signIn(): Promise<LoginResultDto> {
  const { email } = await doctor();
  return (await login({ email, password })).body;
}

const rotatedAgo = (refreshAge: string) =>
  asOwner((owner) =>
    owner.query(`update public.refresh_token set rotated_at = rotated_at - $1::interval`, [refreshAge]),
  );

describe('signing in', () => {
  it('answers tokens, the user and the hospital', async () => {
    const { email } = await doctor();
    const { status, body } = await login({ email: email.toUpperCase(), password });
    expect(status).toBe(200);
    expect(body).toMatchObject({
      expiresIn: 600,
      user: { email, roles: ['doctor'] },
      hospital: { slug: hospital.slug },
    });
    expect((await me(body)).body).toMatchObject({ user: { email }, hospital: { id: hospital.id }, wardIds: null });
  });

  it('gives a wrong password, an unknown user and a disabled user the same answer', async () => {
    const known = await doctor();
    const disabled = await doctor();
    await asOwner((owner) =>
      owner.query(`update public.app_user set status = 'disabled' where id = $1`, [disabled.id]),
    );
    const answers = await Promise.all([
      login<{ code: string; status: number; title: string }>({ email: known.email, password: 'wrong' }),
      login<{ code: string; status: number; title: string }>({ email: 'nobody@example.test', password }),
      login<{ code: string; status: number; title: string }>({ email: disabled.email, password }),
    ]);
    const shown = answers.map(({ body: { code, status, title } }) => ({ code, status, title }));
    expect(new Set(shown.map((s) => JSON.stringify(s))).size).toBe(1);
    expect(shown[0]).toMatchObject({ status: 401, code: 'auth.invalid-credentials' });
  });

  it('verifies one hash for whoever is asked about, so that the work tells nobody who has an account', async () => {
    const [known, closed, unset] = [await doctor(), await doctor(), await createTestUser({ hospital, role: 'doctor' })];
    await asOwner((owner) => owner.query(`update public.app_user set status = 'disabled' where id = $1`, [closed.id]));
    const verify = jest.spyOn(api.application.nest.get(PasswordHasher, { strict: false }), 'verify');
    const costs: number[] = [];
    for (const email of [known.email, closed.email, unset.email, `${uuidv7()}@example.test`]) {
      verify.mockClear();
      expect((await login({ email, password: `wrong ${uuidv7()}` })).status).toBe(401);
      costs.push(verify.mock.calls.length);
    }
    verify.mockRestore();
    expect(costs).toEqual([1, 1, 1, 1]);
  });

  it('asks a user of two hospitals which one it means', async () => {
    const user = await doctor();
    await asOwner((owner) =>
      owner.query(
        `insert into public.membership (id, user_id, hospital_id, role) values (gen_random_uuid(), $1, $2, 'nurse')`,
        [user.id, other.id],
      ),
    );
    const undecided = await login<{ code: string; hospitals: unknown[] }>({ email: user.email, password });
    expect(undecided.status).toBe(409);
    expect(undecided.body.hospitals).toHaveLength(2);
    const decided = await login({ email: user.email, password, hospital: other.slug });
    expect(decided.body).toMatchObject({ hospital: { id: other.id }, user: { roles: ['nurse'] } });
  });

  it('switches to another hospital of the user and ends the session it leaves', async () => {
    const user = await doctor();
    await asOwner((owner) =>
      owner.query(
        `insert into public.membership (id, user_id, hospital_id, role) values (gen_random_uuid(), $1, $2, 'nurse')`,
        [user.id, other.id],
      ),
    );
    const { body: first } = await login({ email: user.email, password, hospital: hospital.slug });
    const switchTo = (slug: string) =>
      api.send<LoginResultDto>({ method: 'POST', url: '/api/v1/switch-hospital', payload: { hospital: slug } }, first);
    const { body: second } = await switchTo(other.slug);
    expect((await me(second)).body).toMatchObject({ hospital: { id: other.id }, user: { roles: ['nurse'] } });
    expect((await me(first)).status).toBe(401);
  });

  it('never lets a user into a hospital it does not work in', async () => {
    const { email } = await doctor();
    expect(await login({ email, password, hospital: other.slug })).toMatchObject({
      status: 403,
      body: { code: 'auth.not-a-member' },
    });
  });

  it('decides before it reads a body', async () => {
    const broken = {
      method: 'POST' as const,
      url: '/api/v1/auth/logout',
      payload: '{"broken',
      headers: { 'content-type': 'application/json' },
    };
    expect((await api.send(broken)).status).toBe(401);
    expect((await api.send(broken, await api.signIn({ hospital, role: 'nurse' }))).status).toBe(400);
  });
});

describe('a session', () => {
  it('goes on with the successor of its refresh token', async () => {
    const { refreshToken } = await signIn();
    const { body } = await refresh(refreshToken);
    expect(body.refreshToken).not.toBe(refreshToken);
    expect((await me(body)).status).toBe(200);
  });

  it('gives 40 concurrent refreshes the same successor and survives', async () => {
    const { refreshToken } = await signIn();
    const answers = await Promise.all(Array.from({ length: 40 }, () => refresh(refreshToken)));
    expect(new Set(answers.map((a) => a.status))).toEqual(new Set([200]));
    const successors = new Set(answers.map((a) => a.body.refreshToken));
    expect(successors.size).toBe(1);
    expect((await refresh([...successors][0] ?? '')).status).toBe(200);
  });

  it('is revoked as a whole when an old refresh token comes back', async () => {
    const { refreshToken } = await signIn();
    const { body: second } = await refresh(refreshToken);
    const { body: third } = await refresh(second.refreshToken);
    expect(await refresh(refreshToken)).toMatchObject({ status: 401, body: { code: 'auth.refresh-reused' } });
    expect((await me(third)).status).toBe(401);
    expect((await refresh(third.refreshToken)).status).toBe(401);
  });

  it('is revoked when the parent of the newest token comes back after 10 seconds', async () => {
    const { refreshToken } = await signIn();
    await refresh(refreshToken);
    await rotatedAgo('11 seconds');
    expect((await refresh<{ code: string }>(refreshToken)).body.code).toBe('auth.refresh-reused');
  });

  it('leaves one row of a token that was used twice, one of a logout, and names the session in both', async () => {
    const { id, email } = await doctor();
    const [stolen, left] = [(await login({ email, password })).body, (await login({ email, password })).body];
    const { body: second } = await refresh(stolen.refreshToken);
    await refresh(second.refreshToken);
    await refresh(stolen.refreshToken);
    await api.send({ method: 'POST', url: '/api/v1/auth/logout' }, left);
    const ends = (await auditRows(hospital, id)).filter(({ action }) => action !== 'login');
    expect(ends).toMatchObject([
      { action: 'delete', entity: 'session', outcome: 'denied', reason: 'auth.refresh-reused' },
      { action: 'logout', entity: 'session', outcome: 'success', reason: null },
    ]);
    for (const { entity_ids, session_id } of ends) expect(entity_ids).toEqual([session_id]);
  });

  it('ends with logout, in this process at once', async () => {
    const session = await signIn();
    expect((await api.send({ method: 'POST', url: '/api/v1/auth/logout' }, session)).status).toBe(204);
    expect((await me(session)).status).toBe(401);
    expect((await refresh(session.refreshToken)).status).toBe(401);
  });

  it('ends on every device with logout-all', async () => {
    const { email } = await doctor();
    const sessions = [(await login({ email, password })).body, (await login({ email, password })).body];
    const [first] = sessions;
    expect((await api.send({ method: 'POST', url: '/api/v1/auth/logout-all' }, first)).status).toBe(204);
    for (const session of sessions) expect((await me(session)).status).toBe(401);
  });
});
