import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Problem } from '@hms/contracts';
import type { Hospital } from '@hms/database';
import { hash } from '@node-rs/argon2';
import { uuidv7 } from 'uuidv7';
import { derivedToken } from '../../platform/access/derived-token.js';
import { hashOpaqueToken } from '../../platform/access/opaque-token.js';
import { ApiConfig } from '../../platform/config/api-config.js';
import { auditRows } from '../../testing/audit-rows.js';
import { TestApi } from '../../testing/test-api.js';
import { asOwner, createTestHospital, createTestUser, dropTestHospital } from '../../testing/test-hospital.js';
import type { LoginResultDto } from './auth.dto.js';
import { LoginThrottle } from './login-throttle.service.js';
import { PasswordHasher } from './password-hasher.service.js';

const password = 'correct horse battery staple';
const newPassword = 'four parrots sing at dawn';
let api: TestApi;
let hospital: Hospital;
let passwordHash: string;

beforeAll(async () => {
  api = await TestApi.start();
  hospital = await createTestHospital();
  passwordHash = await new PasswordHasher().hash(password);
});

afterAll(async () => {
  await api.close();
  await dropTestHospital(hospital);
});

const nurse = (hashed = passwordHash) => createTestUser({ hospital, role: 'nurse', passwordHash: hashed });
const post = <T = LoginResultDto & Problem>(path: string, payload: object, caller?: { accessToken: string }) =>
  api.send<T>({ method: 'POST', url: `/api/v1/auth/${path}`, payload }, caller);
const login = (email: string, secret = password) => post('login', { email, password: secret });
const me = async (caller: { accessToken: string }) =>
  (await api.send({ method: 'GET', url: '/api/v1/me' }, caller)).status;

/** A request for a new password as the worker leaves it once the mail is sent. */
async function mailedReset(userId: string, email: string): Promise<string> {
  const id = uuidv7();
  const token = derivedToken(api.application.nest.get(ApiConfig).refreshSecret, 'password-reset', id);
  await asOwner((owner) =>
    owner.query(
      `insert into public.password_reset (id, email, expires_at, user_id, token_hash)
       values ($1, $2, now() + interval '30 minutes', $3, $4)`,
      [id, email, userId, hashOpaqueToken(token)],
    ),
  );
  return token;
}

describe('changing the own password', () => {
  it('leaves one row in the audit', async () => {
    const { id, email } = await nurse();
    const { body: session } = await login(email);
    await post('password/change', { currentPassword: password, newPassword }, session);
    const rows = (await auditRows(hospital, id)).filter(({ entity }) => entity === 'password');
    expect(rows).toMatchObject([{ action: 'update', entity_ids: [id], outcome: 'success' }]);
  });

  it('is not prevented by strangers who guess at the account, and locks by itself', async () => {
    const { email } = await nurse();
    const { body: session } = await login(email);
    const change = (currentPassword: string) => post('password/change', { currentPassword, newPassword }, session);
    for (let i = 0; i < 5; i++) await login(email, `guess ${uuidv7()}`);
    expect((await login(email)).status).toBe(429);
    for (let i = 0; i < 4; i++) expect((await change('wrong')).body.code).toBe('password.current-wrong');
    expect((await change(password)).status).toBe(204);
    for (let i = 0; i < 5; i++) await change('wrong');
    expect((await change(newPassword)).body.code).toBe('auth.too-many-attempts');
  });

  it('takes the present one, and ends every other session', async () => {
    const { email } = await nurse();
    const [here, elsewhere] = [(await login(email)).body, (await login(email)).body];
    const command = { currentPassword: password, newPassword };
    expect((await post('password/change', { ...command, currentPassword: 'wrong' }, here)).body.code).toBe(
      'password.current-wrong',
    );
    expect((await post('password/change', command, here)).status).toBe(204);
    expect([await me(here), await me(elsewhere)]).toEqual([200, 401]);
    expect([(await login(email)).status, (await login(email, newPassword)).status]).toEqual([401, 200]);
  });

  it.each([
    ['short', 'password.too-short'],
    ['x'.repeat(129), 'password.too-long'],
    ['iloveyou', 'password.common'],
    ['Nurse-hms-2026', 'password.predictable'],
  ])('refuses "%s" and says why', async (refused, code) => {
    const { email } = await nurse();
    const { body: session } = await login(email);
    const answer = await post('password/change', { currentPassword: password, newPassword: refused }, session);
    expect(answer).toMatchObject({ status: 422, body: { code, errors: [{ field: 'newPassword' }] } });
    expect((await login(email)).status).toBe(200);
  });
});

describe('a password hashed with weaker parameters', () => {
  it('is hashed anew by the next login, and still holds', async () => {
    const { id, email } = await nurse(await hash(password, { memoryCost: 8_192, timeCost: 1, parallelism: 1 }));
    expect((await login(email)).status).toBe(200);
    const { rows } = await asOwner((owner) =>
      owner.query<{ password_hash: string }>('select password_hash from public.app_user where id = $1', [id]),
    );
    expect(rows[0]?.password_hash).toMatch(/^\$argon2id\$v=19\$m=19456,t=2,p=1\$/);
    expect((await login(email)).status).toBe(200);
  });
});

describe('a forgotten password', () => {
  it('is asked for with one answer for every address, and writes the same for each', async () => {
    const { email } = await nurse();
    const nobody = `nobody.${uuidv7()}@example.test`;
    for (const address of [email, nobody]) {
      expect(await post<string>('password/forgot', { email: address })).toMatchObject({ status: 202, body: '' });
    }
    const { rows } = await asOwner((owner) =>
      owner.query(
        `select r.user_id, e.type from public.password_reset r
           join public.outbox_event e on e.payload ->> 'id' = r.id::text where r.email = any($1)`,
        [[email, nobody]],
      ),
    );
    expect(rows.map(({ type }: { type: string }) => type)).toEqual([
      'password-reset.requested',
      'password-reset.requested',
    ]);
  });

  it('is replaced with the mailed token, which ends every session', async () => {
    const { id, email } = await nurse();
    const { body: session } = await login(email);
    const token = await mailedReset(id, email);
    expect((await post('password/reset', { token, password: newPassword })).status).toBe(204);
    expect(await me(session)).toBe(401);
    expect([(await login(email)).status, (await login(email, newPassword)).status]).toEqual([401, 200]);
  });

  it('leaves one row in the audit, with the platform', async () => {
    const { id, email } = await nurse();
    const token = await mailedReset(id, email);
    await post('password/reset', { token, password: newPassword });
    expect(await auditRows(null, id)).toMatchObject([
      { action: 'update', entity: 'password', entity_ids: [id], outcome: 'success', reason: 'password.reset' },
    ]);
  });

  it('is replaced once, whoever else sends the same token or an older one', async () => {
    const { id, email } = await nurse();
    const [older, token] = [await mailedReset(id, email), await mailedReset(id, email)];
    const both = Array.from({ length: 8 }, () => post('password/reset', { token, password: newPassword }));
    const statuses = (await Promise.all(both)).map(({ status }) => status);
    expect(statuses.filter((status) => status === 204)).toHaveLength(1);
    expect((await post('password/reset', { token: older, password: newPassword })).body.code).toBe(
      'password.reset-invalid',
    );
  });

  it('opens what guesses had locked, the second factor of strangers once a day, and forgets devices', async () => {
    const { id, email } = await nurse();
    const { deviceToken } = (await login(email)).body;
    const throttle = api.application.nest.get(LoginThrottle, { strict: false });
    const strange = { userId: id, name: '', ip: '::1', deviceToken: undefined, by: 'signing-in', guess: 'x' } as const;
    const refused = async (purpose: 'password' | 'mfa') =>
      (await throttle.attempt({ ...strange, purpose }, () => Promise.resolve(undefined)).catch(() => 'locked')) ===
      'locked';
    const lock = async () => {
      for (const purpose of ['password', 'mfa'] as const) while (!(await refused(purpose)));
    };
    const resetPassword = async () =>
      post('password/reset', { token: await mailedReset(id, email), password: newPassword });
    await lock();
    await resetPassword();
    expect([await refused('password'), await refused('mfa')]).toEqual([false, false]);
    const { rowCount } = await asOwner((o) => o.query('select from public.known_device where user_id = $1', [id]));
    expect([deviceToken === undefined, rowCount]).toEqual([false, 0]);
    await lock();
    await resetPassword();
    expect([await refused('password'), await refused('mfa')]).toEqual([false, true]);
  });

  it('keeps its token when the new password is refused', async () => {
    const { id, email } = await nurse();
    const token = await mailedReset(id, email);
    expect((await post('password/reset', { token, password: 'iloveyou' })).body.code).toBe('password.common');
    expect((await post('password/reset', { token, password: newPassword })).status).toBe(204);
  });

  it('is not replaced after 30 minutes', async () => {
    const { id, email } = await nurse();
    const token = await mailedReset(id, email);
    await asOwner((o) => o.query('update public.password_reset set expires_at = now() where user_id = $1', [id]));
    expect((await post('password/reset', { token, password: newPassword })).status).toBe(404);
  });
});
