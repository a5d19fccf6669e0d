import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Problem } from '@hms/contracts';
import { HospitalDatabase, type Hospital } from '@hms/database';
import { generateSync } from 'otplib';
import type pg from 'pg';
import { uuidv7 } from 'uuidv7';
import { derivedToken } from '../../platform/access/derived-token.js';
import { hashOpaqueToken } from '../../platform/access/opaque-token.js';
import { ApiConfig } from '../../platform/config/api-config.js';
import { TestApi, type TestResponse } from '../../testing/test-api.js';
import {
  asOwner,
  createTestHospital,
  createTestUser,
  dropTestHospital,
  type TestUser,
} from '../../testing/test-hospital.js';
import { endEpoch, whileHeld } from '../../testing/while-held.js';
import type { LoginResultDto } from './auth.dto.js';
import { PasswordHasher } from './password-hasher.service.js';

const password = 'correct horse battery staple';
const another = 'four parrots sing at dawn';
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

type Answer = TestResponse<LoginResultDto & Problem & { challenge: string; secret: string; recoveryCodes: string[] }>;
const post = (path: string, payload: object = {}, caller?: { accessToken: string }): Promise<Answer> =>
  api.send({ method: 'POST', url: `/api/v1/${path}`, payload }, caller);
const login = (email: string) => post('auth/login', { email, password, hospital: hospital.slug });
const me = async (caller: { accessToken: string }) =>
  (await api.send({ method: 'GET', url: '/api/v1/me' }, caller)).status;
const nurse = () => createTestUser({ hospital, role: 'nurse', passwordHash });
const signedIn = async (user: TestUser) => (await login(user.email)).body;

const nothing = () => Promise.resolve();

async function resetToken({ id: userId, email }: TestUser): Promise<string> {
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

async function enrolled() {
  const user = await nurse();
  const session = await signedIn(user);
  const { secret } = (await post('auth/mfa/totp', {}, session)).body;
  const epoch = Math.floor(Date.now() / 1_000);
  const { body } = await post('auth/mfa/totp/confirm', { code: generateSync({ secret, epoch }) }, session);
  return { ...user, session, recoveryCode: body.recoveryCodes[0], next: generateSync({ secret, epoch: epoch + 30 }) };
}

describe('a sign-in under way', () => {
  it('opens no session when all sessions were ended meanwhile', async () => {
    const { id, email } = await nurse();
    expect((await whileHeld(id, () => login(email), endEpoch(id))).body.code).toBe('auth.sign-in-outdated');
  });

  it('opens one when nothing happened but that it waited (control)', async () => {
    const { id, email } = await nurse();
    expect((await whileHeld(id, () => login(email), nothing)).status).toBe(200);
  });

  it('opens no session of an account that was closed meanwhile', async () => {
    const { id, email } = await nurse();
    const close = (owner: pg.Client) =>
      owner.query(`update public.app_user set status = 'disabled' where id = $1`, [id]);
    expect((await whileHeld(id, () => login(email), close)).body.code).toBe('auth.sign-in-outdated');
  });

  it('with a second factor opens none either', async () => {
    const { id, email, next: code } = await enrolled();
    const { challenge } = (await login(email)).body;
    const verify = () => post('auth/mfa/verify', { challenge, code });
    expect((await whileHeld(id, verify, endEpoch(id))).body.code).toBe('auth.sign-in-outdated');
  });

  it('does not survive as a challenge either, which a password of before was answered with', async () => {
    const { id, email, next: code } = await enrolled();
    const { challenge } = (await login(email)).body;
    await asOwner(endEpoch(id));
    expect((await post('auth/mfa/verify', { challenge, code })).body.code).toBe('auth.sign-in-outdated');
  });

  it('to another hospital opens none either, and leaves nothing half done', async () => {
    const user = await nurse();
    await asOwner((owner) =>
      owner.query(
        `insert into public.membership (id, user_id, hospital_id, role) values (gen_random_uuid(), $1, $2, 'nurse')`,
        [user.id, other.id],
      ),
    );
    const session = await signedIn(user);
    const move = () => post('switch-hospital', { hospital: other.slug }, session);
    expect((await whileHeld(user.id, move, endEpoch(user.id))).body.code).toBe('auth.sign-in-outdated');
    expect(await me(session)).toBe(200);
    expect((await whileHeld(user.id, move, nothing)).status).toBe(200);
  });
});

describe('what ends all sessions ends also those that are just being opened:', () => {
  /** A session that another transaction has opened, and not committed. */
  const opened = (user: TestUser, id: string) => (owner: pg.Client) =>
    owner.query(
      `insert into public.session (id, user_id, hospital_id, expires_at) values ($1, $2, $3, now() + interval '1 day')`,
      [id, user.id, hospital.id],
    );
  const isRevoked = async (id: string) => {
    const { rows } = await asOwner((owner) =>
      owner.query<{ revoked: boolean }>('select revoked_at is not null as revoked from public.session where id = $1', [
        id,
      ]),
    );
    return rows[0]?.revoked;
  };

  it.each([
    [
      'a reset of the password',
      async () => {
        const user = await nurse();
        const token = await resetToken(user);
        return { user, end: () => post('auth/password/reset', { token, password: another }) };
      },
    ],
    [
      'a change of the password',
      async () => {
        const user = await nurse();
        const session = await signedIn(user);
        const command = { currentPassword: password, newPassword: another };
        return { user, end: () => post('auth/password/change', command, session) };
      },
    ],
    [
      'logging out everywhere',
      async () => {
        const user = await nurse();
        const session = await signedIn(user);
        return { user, end: () => post('auth/logout-all', {}, session) };
      },
    ],
    [
      'disabling the user',
      async () => {
        const user = await nurse();
        const admin = await api.signIn({ hospital, role: 'hospital_admin' });
        return { user, end: () => post(`users/${user.id}/disable`, {}, admin) };
      },
    ],
    [
      'giving up a second factor',
      async () => {
        const user = await enrolled();
        return { user, end: () => post('auth/mfa/totp/disable', { code: user.recoveryCode }, user.session) };
      },
    ],
    [
      'a reset of the second factor',
      async () => {
        const user = await enrolled();
        const admin = await api.signIn({ hospital, role: 'hospital_admin' });
        return { user, end: () => post(`users/${user.id}/mfa/reset`, {}, admin) };
      },
    ],
  ])('%s', async (_, prepare) => {
    const { user, end } = await prepare();
    const id = uuidv7();
    expect((await whileHeld(user.id, end, opened(user, id))).status).toBeLessThan(300);
    expect(await isRevoked(id)).toBe(true);
  });

  it('which an end that does not wait for the user would miss (control)', async () => {
    const user = await nurse();
    const id = uuidv7();
    const { publicClient } = api.application.nest.get(HospitalDatabase);
    await asOwner(async (owner) => {
      await owner.query('begin');
      await opened(user, id)(owner);
      await publicClient.session.updateMany({
        where: { userId: user.id },
        data: { revokedAt: new Date(), revokeReason: 'logout_all' },
      });
      await owner.query('commit');
    });
    expect(await isRevoked(id)).toBe(false);
  });
});
