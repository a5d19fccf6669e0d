import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { schemaOf, type Hospital } from '@hms/database';
import { generateSync } from 'otplib';
import { auditRows } from '../../testing/audit-rows.js';
import { TestApi } from '../../testing/test-api.js';
import { asOwner, createTestHospital, createTestUser, dropTestHospital } from '../../testing/test-hospital.js';
import type { LoginResultDto } from '../auth/auth.dto.js';
import { PasswordHasher } from '../auth/password-hasher.service.js';
import { endEpoch, whileHeld } from '../../testing/while-held.js';
import { FakeGoogle } from './testing/fake-google.js';

const password = 'correct horse battery staple';
let google: FakeGoogle;
let api: TestApi;
let hospital: Hospital;
let other: Hospital;

beforeAll(async () => {
  google = await new FakeGoogle().start();
  process.env['FIREBASE_PROJECT_ID'] = google.projectId;
  process.env['FIREBASE_JWKS_URL'] = google.jwksUrl;
  api = await TestApi.start();
  delete process.env['FIREBASE_PROJECT_ID'];
  delete process.env['FIREBASE_JWKS_URL'];
  [hospital, other] = [await createTestHospital(), await createTestHospital()];
});

afterAll(async () => {
  await Promise.all([api.close(), google.stop()]);
  await Promise.all([hospital, other].map(dropTestHospital));
});

type Answer = LoginResultDto & { code: string; challenge: string };
const verify = (payload: object, at = api) =>
  at.send<Answer>({ method: 'POST', url: '/api/v1/auth/firebase/verify', payload });
const subject = (): string => `fb-${randomUUID()}`;
const firstSignIn = async (sub: string, changes: object = {}, more: object = { hospital: hospital.slug }) =>
  verify({ idToken: await google.token(sub, { ...changes }), ...more });
const count = async (sql: string, values: unknown[]): Promise<number> => {
  const { rows } = await asOwner((owner) => owner.query<{ n: number }>(sql, values));
  return rows[0]?.n ?? 0;
};
const accounts = (email: string) => count('select count(*)::int as n from public.app_user where email = $1', [email]);
const records = (email: string) =>
  count(`select count(*)::int as n from ${schemaOf(hospital.slug)}.patient where email = $1`, [email]);

describe('a first sign-in with Firebase', () => {
  it('makes an account, a patient of the hospital and a session', async () => {
    const sub = subject();
    const { status, body } = await firstSignIn(sub);
    expect(status).toBe(200);
    expect(body).toMatchObject({
      user: { email: `${sub}@patients.example`, displayName: 'Ada King Lovelace', roles: ['patient'] },
      hospital: { slug: hospital.slug },
    });
    const own = await api.send({ method: 'GET', url: '/api/v1/me/patient' }, body);
    expect(own.status === 200 ? own.body : own).toMatchObject({ givenName: 'Ada King', familyName: 'Lovelace' });
  });

  it('leaves who joined, linked and signed in, each once and with its effect', async () => {
    const { body } = await firstSignIn(subject());
    const { id } = body.user;
    const rows = async (at: Hospital | null) =>
      (await auditRows(at, id)).map(({ action, entity, outcome }) => `${action} ${entity} ${outcome}`);
    expect(await rows(hospital)).toEqual([
      'create membership success',
      'create patient success',
      'login session success',
    ]);
    expect(await rows(null)).toEqual(['create external-identity success']);
    const events = await asOwner((owner) =>
      owner.query<{ type: string }>('select type from public.outbox_event where actor_id = $1 order by id', [id]),
    );
    expect(events.rows.map(({ type }) => type)).toEqual(['membership.accepted', 'patient.registered']);
  });

  it('happens once, however many come at the same time', async () => {
    const sub = subject();
    const answers = await Promise.all(Array.from({ length: 10 }, () => firstSignIn(sub)));
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200]));
    expect(new Set(answers.map(({ body }) => body.user.id)).size).toBe(1);
    expect(await accounts(`${sub}@patients.example`)).toBe(1);
    expect(await records(`${sub}@patients.example`)).toBe(1);
  });

  it.each([
    ['firebase.email-unverified', { email_verified: false }, undefined],
    ['firebase.email-unverified', { email: undefined }, undefined],
    ['firebase.hospital-required', {}, {}],
    ['firebase.hospital-unknown', {}, { hospital: 'nowhere' }],
  ])('is refused with %s for %j and %j', async (code, changes, more) => {
    const sub = subject();
    expect((await firstSignIn(sub, changes, more)).body.code).toBe(code);
    expect(await accounts(`${sub}@patients.example`)).toBe(0);
  });

  it('completes one that was cut short before the record was made', async () => {
    const sub = subject();
    const email = `${sub}@patients.example`;
    await firstSignIn(sub);
    await asOwner((owner) => owner.query(`delete from ${schemaOf(hospital.slug)}.patient where email = $1`, [email]));
    expect((await firstSignIn(sub)).status).toBe(200);
    expect(await records(email)).toBe(1);
  });
});

describe('an account that is there', () => {
  it('is linked by its verified e-mail when it is a patient’s', async () => {
    const patient = await createTestUser({ hospital, role: 'patient' });
    const { status, body } = await firstSignIn(subject(), { email: patient.email.toUpperCase() }, {});
    expect([status, body.user.id]).toEqual([200, patient.id]);
  });

  it('is not linked by an e-mail nobody verified', async () => {
    const patient = await createTestUser({ hospital, role: 'patient' });
    const answer = await firstSignIn(subject(), { email: patient.email, email_verified: false });
    expect(answer.body.code).toBe('firebase.email-unverified');
  });

  it.each(['doctor', 'hospital_admin', 'nurse'] as const)('is not entered this way by a %s', async (role) => {
    const { email } = await createTestUser({ hospital, role });
    expect((await firstSignIn(subject(), { email })).body.code).toBe('firebase.staff-account');
  });

  it('is not entered this way by somebody who has become staff since', async () => {
    const sub = subject();
    const { body } = await firstSignIn(sub);
    await asOwner((owner) =>
      owner.query(
        `insert into public.membership (id, user_id, hospital_id, role) values (gen_random_uuid(), $1, $2, 'doctor')`,
        [body.user.id, other.id],
      ),
    );
    expect((await firstSignIn(sub)).body.code).toBe('firebase.staff-account');
  });

  it('stays a patient’s in a session that was opened this way, wherever its user becomes staff, and ends with the patient', async () => {
    const { body: session } = await firstSignIn(subject());
    const join = (at: Hospital) =>
      asOwner((owner) =>
        owner.query(
          `insert into public.membership (id, user_id, hospital_id, role) values (gen_random_uuid(), $1, $2, 'nurse')`,
          [session.user.id, at.id],
        ),
      );
    await Promise.all([hospital, other].map(join));
    const { body } = await api.send<{ permissions: string[] }>({ method: 'GET', url: '/api/v1/me' }, session);
    expect(body.permissions).toContain('patient:own');
    expect(body.permissions).not.toContain('patient:read');
    const move = { method: 'POST', url: '/api/v1/switch-hospital', payload: { hospital: other.slug } };
    expect((await api.send(move, session)).body.code).toBe('auth.password-required');
    const refresh = (refreshToken: string) =>
      api.send<Answer>({ method: 'POST', url: '/api/v1/auth/refresh', payload: { refreshToken } });
    const { body: renewed } = await refresh(session.refreshToken);
    const claims = Buffer.from(renewed.accessToken.split('.')[1] ?? '', 'base64url').toString();
    expect(JSON.parse(claims)).toMatchObject({ roles: ['patient'] });
    await asOwner((owner) =>
      owner.query(`update public.membership set revoked_at = now() where user_id = $1 and role = 'patient'`, [
        session.user.id,
      ]),
    );
    expect((await refresh(renewed.refreshToken)).body.code).toBe('auth.refresh-invalid');
  });

  it('is not entered by a sign-in during which all its sessions were ended', async () => {
    const sub = subject();
    const { body } = await firstSignIn(sub);
    const again = () => firstSignIn(sub);
    expect((await whileHeld(body.user.id, again, endEpoch(body.user.id))).body.code).toBe('auth.sign-in-outdated');
    expect((await whileHeld(body.user.id, again, () => Promise.resolve())).status).toBe(200);
  });

  it('is neither linked nor entered once it is disabled', async () => {
    const [patient, sub] = [await createTestUser({ hospital, role: 'patient' }), subject()];
    const { body } = await firstSignIn(sub);
    await asOwner((owner) =>
      owner.query(`update public.app_user set status = 'disabled' where id = any($1)`, [[patient.id, body.user.id]]),
    );
    expect((await firstSignIn(subject(), { email: patient.email })).body.code).toBe('firebase.account-disabled');
    expect((await firstSignIn(sub)).body.code).toBe('firebase.account-disabled');
  });

  it('loses its password, devices, sessions and an unconfirmed enrolment, and its holder is told: it may have been a squatter', async () => {
    const passwordHash = await new PasswordHasher().hash(password);
    const patient = await createTestUser({ hospital, role: 'patient', passwordHash });
    const login = (more: object = {}) =>
      api.send<Answer>({
        method: 'POST',
        url: '/api/v1/auth/login',
        payload: { email: patient.email, password, ...more },
      });
    const { body: squatter } = await login();
    await asOwner((owner) =>
      owner.query(`insert into public.totp_factor (user_id, secret_sealed) values ($1, 'x')`, [patient.id]),
    );
    const { status, body } = await firstSignIn(subject(), { email: patient.email }, {});
    expect([status, body.user.id]).toEqual([200, patient.id]);
    expect((await api.send({ method: 'GET', url: '/api/v1/me' }, squatter)).status).toBe(401);
    expect((await login({ deviceToken: squatter.deviceToken })).body.code).toBe('auth.invalid-credentials');
    for (const table of ['totp_factor', 'known_device'])
      expect(await count(`select count(*)::int as n from public.${table} where user_id = $1`, [patient.id])).toBe(0);
    const told = `select count(*)::int as n from public.outbox_event where type = 'identity.linked' and actor_id = $1`;
    expect(await count(told, [patient.id])).toBe(1);
  });

  it('asks for the second factor it has: whoever holds the mailbox alone gets no further', async () => {
    const passwordHash = await new PasswordHasher().hash(password);
    const patient = await createTestUser({ hospital, role: 'patient', passwordHash });
    const post = <T>(path: string, payload: object, caller?: { accessToken: string }) =>
      api.send<T>({ method: 'POST', url: `/api/v1/auth/${path}`, payload }, caller);
    const { body: before } = await post<Answer>('login', { email: patient.email, password });
    const { secret } = (await post<{ secret: string }>('mfa/totp', {}, before)).body;
    const epoch = Math.floor(Date.now() / 1_000);
    await post('mfa/totp/confirm', { code: generateSync({ secret, epoch }) }, before);
    const { status, body } = await firstSignIn(subject(), { email: patient.email }, {});
    expect([status, body.code, body.accessToken]).toEqual([401, 'auth.mfa-required', undefined]);
    expect((await api.send({ method: 'GET', url: '/api/v1/me' }, before)).status).toBe(401);
    const code = generateSync({ secret, epoch: epoch + 30 });
    const verified = await post<Answer>('mfa/verify', { challenge: body.challenge, code });
    expect([verified.status, verified.body.user.id]).toEqual([200, patient.id]);
    const codes = 'select count(*)::int as n from public.recovery_code where user_id = $1';
    expect(await count(codes, [patient.id])).toBe(10);
  });

  it('keeps a password that was set after it was linked', async () => {
    const sub = subject();
    const { body } = await firstSignIn(sub);
    const hashed = await new PasswordHasher().hash(password);
    const set = `update public.app_user set password_hash = $2 where id = $1`;
    await asOwner((owner) => owner.query(set, [body.user.id, hashed]));
    expect((await firstSignIn(sub)).status).toBe(200);
    const kept = `select count(*)::int as n from public.app_user where id = $1 and password_hash is not null`;
    expect(await count(kept, [body.user.id])).toBe(1);
  });

  describe('that was invited', () => {
    const invited = async () => {
      const admin = await api.signIn({ hospital, role: 'hospital_admin' });
      const email = `${subject()}@patients.example`;
      const payload = { email, displayName: 'In Vited', roles: ['patient'], patientId: await anyPatient() };
      await api.send({ method: 'POST', url: '/api/v1/users/invitations', payload }, admin);
      return { email, patientId: payload.patientId };
    };
    const anyPatient = async (): Promise<string> => {
      const sub = subject();
      const { body } = await firstSignIn(sub);
      const { rows } = await asOwner((owner) =>
        owner.query<{ patient_id: string }>('select patient_id from public.membership where user_id = $1', [
          body.user.id,
        ]),
      );
      return rows[0]?.patient_id ?? '';
    };
    const recordOf = async (signedIn: { accessToken: string }) =>
      (await api.send<{ id: string }>({ method: 'GET', url: '/api/v1/me/patient' }, signedIn)).body.id;

    it('joins with its address, without the mailed token', async () => {
      const { email, patientId } = await invited();
      const { status, body } = await firstSignIn(subject(), { email }, {});
      expect([status, await recordOf(body)]).toEqual([200, patientId]);
    });

    it('gets a record of its own where the invitation has ended', async () => {
      const { email, patientId } = await invited();
      const ended = `update public.invitation i set expires_at = now() from public.app_user u
                      where u.id = i.user_id and u.email = $1`;
      await asOwner((owner) => owner.query(ended, [email]));
      expect((await firstSignIn(subject(), { email }, {})).body.code).toBe('firebase.hospital-required');
      const { status, body } = await firstSignIn(subject(), { email });
      expect(status).toBe(200);
      expect(await recordOf(body)).not.toBe(patientId);
    });
  });

  it('is known by subject: another person with its address is not it, and a new address changes nothing', async () => {
    const sub = subject();
    const { body } = await firstSignIn(sub);
    const moved = await firstSignIn(sub, { email: `new-${sub}@patients.example`, email_verified: false }, {});
    expect(moved.body.user.id).toBe(body.user.id);
  });

  it('of another hospital is no way into this one', async () => {
    const sub = subject();
    await firstSignIn(sub);
    expect((await firstSignIn(sub, {}, { hospital: other.slug })).body.code).toBe('auth.not-a-member');
  });
});

describe('a token', () => {
  it('is no secret to be guessed: exchanging it counts as signing in, not as a guess', async () => {
    const { headers } = await firstSignIn(subject());
    expect(headers['ratelimit-policy']).toContain('"login-address"');
  });

  it.each([
    ['forged', async () => `${await google.token(subject())}x`],
    [
      'of another project',
      () => google.token(subject(), { aud: 'other', iss: 'https://securetoken.google.com/other' }),
    ],
    ['of the emulator', async () => `${(await google.token(subject())).split('.').slice(0, 2).join('.')}.`],
  ])('%s is refused', async (_, token) => {
    expect(await verify({ idToken: await token(), hospital: hospital.slug })).toMatchObject({
      status: 401,
      body: { code: 'firebase.token-invalid' },
    });
  });

  it('opens nothing where no project is configured', async () => {
    const without = await TestApi.start();
    const answer = await verify({ idToken: await google.token(subject()) }, without);
    expect(answer).toMatchObject({ status: 404, body: { code: 'firebase.disabled' } });
    await without.close();
  });
});

describe('an outage of Google', () => {
  it('leaves sessions alone', async () => {
    const { body } = await firstSignIn(subject());
    google.mood = 'failing';
    expect((await api.send({ method: 'GET', url: '/api/v1/me' }, body)).status).toBe(200);
    expect((await firstSignIn(subject())).status).toBe(200);
    google.mood = 'well';
  });
});
