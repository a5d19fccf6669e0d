import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Problem } from '@hms/contracts';
import type { Hospital } from '@hms/database';
import { generateSync } from 'otplib';
import { auditRows } from '../../testing/audit-rows.js';
import { TestApi, type TestCaller } from '../../testing/test-api.js';
import {
  asOwner,
  createTestHospital,
  createTestUser,
  dropTestHospital,
  type TestUser,
} from '../../testing/test-hospital.js';
import type { LoginResultDto, MeDto } from './auth.dto.js';
import type { RecoveryCodesDto, TotpEnrolmentDto } from './mfa.dto.js';
import { LoginThrottle } from './login-throttle.service.js';
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

type Answer = LoginResultDto & Problem & { challenge: string };
const post = <T = Answer>(path: string, payload: object = {}, caller?: { accessToken: string }) =>
  api.send<T>({ method: 'POST', url: `/api/v1/${path}`, payload }, caller);
const login = (email: string) => post('auth/login', { email, password });
const verify = (challenge: string, code: string) => post('auth/mfa/verify', { challenge, code });
const me = (caller: { accessToken: string }) => api.send<MeDto>({ method: 'GET', url: '/api/v1/me' }, caller);
const patients = (caller: { accessToken: string }) => api.send({ method: 'GET', url: '/api/v1/patients' }, caller);
const code = (secret: string, steps = 0) =>
  generateSync({ secret, epoch: Math.floor(Date.now() / 1_000) + steps * 30 });
const challengeFor = async (email: string) => (await login(email)).body.challenge;

/** As if the user had proved who they are so much earlier. */
const proved = (userId: string, by: string) =>
  asOwner((owner) =>
    owner.query<{ proved_at: Date }>(
      'update public.session set proved_at = proved_at - $2::interval where user_id = $1 returning proved_at',
      [userId, by],
    ),
  );

interface Enrolled extends TestUser {
  readonly secret: string;
  readonly session: LoginResultDto;
  /** The code that confirmed the authenticator, and the one after it. */
  readonly used: string;
  readonly next: string;
  readonly recoveryCodes: readonly string[];
}

/** A doctor with an authenticator. Its codes hold for a step before and after their own, so tests may take 30 s. */
async function enrolledDoctor(): Promise<Enrolled> {
  const user = await createTestUser({ hospital, role: 'doctor', passwordHash });
  const { body: session } = await login(user.email);
  const { body: offer } = await post<TotpEnrolmentDto>('auth/mfa/totp', {}, session);
  const { secret } = offer;
  const [used, next] = [code(secret), code(secret, 1)];
  const { body } = await post<RecoveryCodesDto>('auth/mfa/totp/confirm', { code: used }, session);
  return { ...user, secret, session, used, next, recoveryCodes: body.recoveryCodes };
}

describe('a doctor without a second factor', () => {
  it('gets a session that can set one up and nothing else', async () => {
    const { email } = await createTestUser({ hospital, role: 'doctor', passwordHash });
    const { body: session } = await login(email);
    expect((await me(session)).body).toMatchObject({ mfaEnrolmentRequired: true, permissions: ['session:own'] });
    expect(await patients(session)).toMatchObject({ status: 403, body: { code: 'auth.second-factor-missing' } });
  });

  it('may do what its role may once its authenticator is confirmed, in the same session', async () => {
    const { session, recoveryCodes } = await enrolledDoctor();
    expect(recoveryCodes).toHaveLength(10);
    expect((await me(session)).body).toMatchObject({
      mfaEnrolmentRequired: false,
      secondFactor: { enrolled: true, verified: true },
    });
    expect((await patients(session)).status).toBe(200);
  });

  it('sets one up soon after signing in only: whoever finds a screen open could bind the account to a phone of theirs', async () => {
    const { id, email } = await createTestUser({ hospital, role: 'doctor', passwordHash });
    const { body: session } = await login(email);
    await proved(id, '5 minutes 1 second');
    expect(await post('auth/mfa/totp', {}, session)).toMatchObject({
      status: 403,
      body: { code: 'mfa.proof-required' },
    });
    expect((await post('auth/mfa/totp', {}, (await login(email)).body)).status).toBe(201);
  });

  it('has not thereby proved who it is', async () => {
    const { id, email } = await createTestUser({ hospital, role: 'doctor', passwordHash });
    const { body: session } = await login(email);
    await proved(id, '4 minutes');
    const { body: offer } = await post<TotpEnrolmentDto>('auth/mfa/totp', {}, session);
    await post('auth/mfa/totp/confirm', { code: code(offer.secret) }, session);
    const { rows } = await proved(id, '0 minutes');
    const latest = Math.max(...rows.map(({ proved_at }) => proved_at.getTime()));
    expect(latest).toBeLessThan(Date.now() - 3 * 60_000);
  });

  it('does not get there with a wrong code', async () => {
    const { email } = await createTestUser({ hospital, role: 'doctor', passwordHash });
    const { body: session } = await login(email);
    const { body: offer } = await post<TotpEnrolmentDto>('auth/mfa/totp', {}, session);
    const wrong = code(offer.secret, 50);
    expect(await post('auth/mfa/totp/confirm', { code: wrong }, session)).toMatchObject({ status: 422 });
    expect((await patients(session)).status).toBe(403);
  });
});

describe('an administrator of the platform', () => {
  it('has no drift, whether signing in, setting an authenticator up or giving it away', async () => {
    const user = await createTestUser({ hospital: null, role: 'super_admin', passwordHash });
    const { body: session } = await login(user.email);
    const { secret } = (await post<TotpEnrolmentDto>('auth/mfa/totp', {}, session)).body;
    const early = () => code(secret, 1);
    const confirm = (sent: string) => post<RecoveryCodesDto>('auth/mfa/totp/confirm', { code: sent }, session);
    expect((await confirm(early())).body).toMatchObject({ code: 'mfa.code-refused' });
    expect((await confirm(code(secret))).status).toBe(200);
    for (const route of ['auth/mfa/recovery-codes', 'auth/mfa/totp/disable'])
      expect((await post(route, { code: early() }, session)).body.code).toBe('mfa.code-refused');
    expect((await verify(await challengeFor(user.email), early())).body.code).toBe('auth.mfa-code-invalid');
  });
});

describe('the audit', () => {
  it('has one row of each change of a second factor, and of each wrong code', async () => {
    const { id, email, used, recoveryCodes } = await enrolledDoctor();
    const [recovery = '', another = ''] = recoveryCodes;
    await verify(await challengeFor(email), used);
    const { body: session } = await verify(await challengeFor(email), recovery);
    await post('auth/mfa/totp/disable', { code: another }, session);
    const rows = (await auditRows(hospital, id)).map(({ action, entity, outcome, entity_ids }) =>
      [action, entity, outcome, ...entity_ids.filter((each) => each === id)].join(' '),
    );
    expect(rows).toEqual([
      'login session success',
      `create second-factor success ${id}`,
      `login account failed ${id}`,
      `delete recovery-codes success ${id}`,
      'login session success',
      `delete second-factor success ${id}`,
    ]);
  });
});

describe('signing in with a second factor', () => {
  it('takes the password, then a code', async () => {
    const { email, next } = await enrolledDoctor();
    const asked = await login(email);
    expect(asked).toMatchObject({ status: 401, body: { code: 'auth.mfa-required', expiresIn: 300 } });
    expect(asked.body.accessToken).toBeUndefined();
    const { status, body } = await verify(asked.body.challenge, next);
    expect(status).toBe(200);
    expect((await patients(body)).status).toBe(200);
  });

  it('lets one of 50 submits of one code in, whatever challenge they answer', async () => {
    const { email, next } = await enrolledDoctor();
    const challenges: string[] = [];
    for (let i = 0; i < 10; i++) challenges.push(await challengeFor(email));
    const submits = challenges.flatMap((challenge) => Array.from({ length: 5 }, () => verify(challenge, next)));
    const statuses = (await Promise.all(submits)).map(({ status }) => status);
    expect(statuses.filter((status) => status === 200)).toHaveLength(1);
    expect(statuses.filter((status) => status === 401 || status === 429)).toHaveLength(49);
  });

  it('takes no code twice, and none older than the last', async () => {
    const { email, used, next } = await enrolledDoctor();
    expect((await verify(await challengeFor(email), next)).status).toBe(200);
    for (const old of [next, used]) {
      expect(await verify(await challengeFor(email), old)).toMatchObject({
        status: 401,
        body: { code: 'auth.mfa-code-invalid' },
      });
    }
  });

  it('ends a challenge after five tries, right ones included, and then counts those of every challenge', async () => {
    const { id, email, secret, next } = await enrolledDoctor();
    const challenge = await challengeFor(email);
    const wrong = code(secret, 50);
    for (let i = 0; i < 5; i++) expect((await verify(challenge, wrong)).body.code).toBe('auth.mfa-code-invalid');
    expect((await verify(challenge, next)).body.code).toBe('auth.mfa-challenge-invalid');
    expect(await verify(await challengeFor(email), next)).toMatchObject({
      status: 429,
      body: { code: 'auth.too-many-attempts' },
    });
    await api.application.nest.get(LoginThrottle, { strict: false }).reset(id, 'mfa');
    expect((await verify(await challengeFor(email), next)).status).toBe(200);
  });

  it('ends a challenge after five minutes', async () => {
    const { id, email, next } = await enrolledDoctor();
    const challenge = await challengeFor(email);
    await asOwner((o) => o.query('update public.mfa_challenge set expires_at = now() where user_id = $1', [id]));
    expect((await verify(challenge, next)).body.code).toBe('auth.mfa-challenge-invalid');
  });

  it('takes each recovery code once, also from 20 at the same time', async () => {
    const { email, recoveryCodes } = await enrolledDoctor();
    const [recovery = ''] = recoveryCodes;
    const challenges = await Promise.all(Array.from({ length: 20 }, () => challengeFor(email)));
    const answers = await Promise.all(challenges.map((challenge) => verify(challenge, recovery.toUpperCase())));
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(1);
  });

  it('keeps neither secrets nor codes in the database as they are', async () => {
    const { id, secret, recoveryCodes } = await enrolledDoctor();
    const { rows } = await asOwner((owner) =>
      owner.query<{ row: string }>(
        `select to_jsonb(f)::text || (select jsonb_agg(r) from public.recovery_code r where r.user_id = $1)::text as row
           from public.totp_factor f where f.user_id = $1`,
        [id],
      ),
    );
    const stored = rows[0]?.row ?? '';
    expect(stored).toContain(id);
    for (const plain of [secret, ...recoveryCodes]) expect(stored).not.toContain(plain);
  });
});

describe('losing a second factor', () => {
  const reset = (id: string, by: TestCaller) => post(`users/${id}/mfa/reset`, {}, by);

  it('is mended by a recovery code: the authenticator goes, and with it every session', async () => {
    const { email, session, recoveryCodes } = await enrolledDoctor();
    const { status } = await post('auth/mfa/totp/disable', { code: recoveryCodes[1] }, session);
    expect(status).toBe(204);
    expect((await me(session)).status).toBe(401);
    const { body: next } = await login(email);
    expect((await me(next)).body.mfaEnrolmentRequired).toBe(true);
  });

  it('is mended by an administrator of the hospital, and audited', async () => {
    const { id, email, session } = await enrolledDoctor();
    const admin = await api.signIn({ hospital, role: 'hospital_admin' });
    expect((await reset(id, admin)).status).toBe(204);
    expect((await me(session)).status).toBe(401);
    expect((await me((await login(email)).body)).body.mfaEnrolmentRequired).toBe(true);
  });

  it('is not mended by oneself, nor by an administrator of another hospital', async () => {
    const { id } = await enrolledDoctor();
    const admin = await api.signIn({ hospital, role: 'hospital_admin' });
    const stranger = await api.signIn({ hospital: other, role: 'hospital_admin' });
    expect((await reset(admin.id, admin)).body.code).toBe('mfa.own-reset');
    expect(await reset(id, stranger)).toMatchObject({ status: 404, body: { code: 'user.not-found' } });
  });

  it("is the platform's matter for somebody who works in two hospitals", async () => {
    const { id } = await enrolledDoctor();
    await asOwner((owner) =>
      owner.query(
        `insert into public.membership (id, user_id, hospital_id, role) values (gen_random_uuid(), $1, $2, 'nurse')`,
        [id, other.id],
      ),
    );
    const admin = await api.signIn({ hospital, role: 'hospital_admin' });
    expect((await reset(id, admin)).body.code).toBe('mfa.shared-account');
    expect((await reset(id, await api.signIn({ hospital: null, role: 'super_admin' }))).status).toBe(204);
  });
});
