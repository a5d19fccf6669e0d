/* Alone: it looks for one that guesses all over the platform, and forgets who was found. */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { HospitalDatabase, type Hospital } from '@hms/database';
import { createLogger, createMetrics, type Registry } from '@hms/service-kit';
import { Redis } from 'ioredis';
import { RateLimiterRedis } from 'rate-limiter-flexible';
import { uuidv7 } from 'uuidv7';
import { ApiConfig } from '../../platform/config/api-config.js';
import { Outbox } from '../../platform/events/outbox.service.js';
import { TestApi } from '../../testing/test-api.js';
import { asOwner, createTestHospital, createTestUser, dropTestHospital } from '../../testing/test-hospital.js';
import type { LoginResultDto } from './auth.dto.js';
import { LoginThrottle } from './login-throttle.service.js';
import { PasswordHasher } from './password-hasher.service.js';
import { PasswordSprayingJob } from './password-spraying.job.js';
import { PasswordSprayingRepository } from './password-spraying.repository.js';

const password = 'correct horse battery staple';
const redisUrl = new URL(process.env['REDIS_URL'] ?? '');
redisUrl.pathname = '/7';
let api: TestApi;
let hospital: Hospital;
let passwordHash: string;

beforeAll(async () => {
  api = await TestApi.start({ REDIS_URL: redisUrl.href });
  hospital = await createTestHospital();
  passwordHash = await new PasswordHasher().hash(password);
});

afterAll(async () => {
  await api.close();
  await asOwner((owner) => owner.query('delete from public.login_spray'));
  await dropTestHospital(hospital);
});

const doctor = () => createTestUser({ hospital, role: 'doctor', passwordHash });
const login = (payload: object, remoteAddress = '127.0.0.1') =>
  api.send<LoginResultDto & { code: string }>({ method: 'POST', url: '/api/v1/auth/login', payload, remoteAddress });
const botAddress = (bot: number) => `127.66.${String(Math.floor(bot / 250))}.${String(bot % 250)}`;
const count = (values: readonly number[], value: number) => values.filter((one) => one === value).length;
const owner = (sql: string, parameters: unknown[] = []) => asOwner((client) => client.query(sql, parameters));
/** As if every lock that opens by itself had opened. */
const waitForLocks = () =>
  owner(`update public.login_throttle set locked_until = now() where isfinite(locked_until) and locked_until > now()`);

/** How many guess at the same moment. */
const wave = 50;

/** One wrong guess from each of so many addresses. */
async function botnet(email: string, size: number): Promise<number[]> {
  const statuses: number[] = [];
  for (let first = 0; first < size; first += wave) {
    const guesses = Array.from({ length: Math.min(wave, size - first) }, (_, i) =>
      login({ email, password: `guess ${String(first + i)}` }, botAddress(first + i)),
    );
    statuses.push(...(await Promise.all(guesses)).map(({ status }) => status));
  }
  return statuses;
}

describe('a botnet of 500 addresses', () => {
  it('gets five guesses at an account, and disturbs neither its sessions nor the devices it is used on', async () => {
    const user = await doctor();
    const { body: session } = await login({ email: user.email, password });
    const guesses = await botnet(user.email, 500);
    expect([count(guesses, 401), count(guesses, 429)]).toEqual([5, 495]);

    const stranger = await login({ email: user.email, password });
    expect(stranger).toMatchObject({ status: 429, body: { code: 'auth.too-many-attempts' } });
    expect(Number(stranger.headers['retry-after'])).toBeGreaterThan(30);
    const known = await login({ email: user.email, password, deviceToken: session.deviceToken });
    expect(known).toMatchObject({ status: 200, body: { deviceToken: session.deviceToken } });
    expect((await api.send({ method: 'GET', url: '/api/v1/me' }, session)).status).toBe(200);
  });

  it('is told the same of an account that does not exist', async () => {
    const guesses = await botnet(`${uuidv7()}@example.test`, 50);
    expect([count(guesses, 401), count(guesses, 429)]).toEqual([5, 45]);
  });

  it('gets no more than 100 guesses in a row, however long it waits, until the password is reset', async () => {
    const user = await doctor();
    let guesses = 0;
    for (let round = 0; round < 110; round++) {
      const { status } = await login({ email: user.email, password: `guess ${String(round)}` });
      if (status === 401) guesses += 1;
      await waitForLocks();
    }
    expect(guesses).toBe(100);
    expect((await login({ email: user.email, password })).status).toBe(429);
    await api.application.nest.get(LoginThrottle, { strict: false }).reset(user.id, 'password');
    expect((await login({ email: user.email, password })).status).toBe(200);
  });

  it('is locked out although Redis forgot everything, where a counter in Redis would begin anew', async () => {
    const user = await doctor();
    const redis = new Redis(redisUrl.href);
    const control = new RateLimiterRedis({ storeClient: redis, points: 5, duration: 60, keyPrefix: 'control' });
    await botnet(user.email, 10);
    await control.consume(user.id, 5);
    await expect(control.consume(user.id)).rejects.toMatchObject({ remainingPoints: 0 });
    await redis.flushdb();
    await expect(control.consume(user.id)).resolves.toMatchObject({ remainingPoints: 4 });
    redis.disconnect();
    expect((await login({ email: user.email, password })).status).toBe(429);
  });
});

describe('the lock of an account', () => {
  it('lasts a minute after the fifth failure and twice as long after each further one, up to 15 minutes', async () => {
    const { email } = await doctor();
    for (let i = 0; i < 4; i++) await login({ email, password: 'wrong' });
    const waits: number[] = [];
    for (let i = 0; i < 6; i++) {
      expect((await login({ email, password: 'wrong' })).status).toBe(401);
      const { headers } = await login({ email, password });
      waits.push(Math.round(Number(headers['retry-after']) / 60));
      await waitForLocks();
    }
    expect(waits).toEqual([1, 2, 4, 8, 15, 15]);
  });

  it('is further away after a success', async () => {
    const { email } = await doctor();
    for (const secret of [...Array<string>(4).fill('wrong'), password, ...Array<string>(4).fill('wrong')]) {
      expect((await login({ email, password: secret })).status).toBe(secret === password ? 200 : 401);
    }
    expect((await login({ email, password })).status).toBe(200);
  });

  it('is of its own for a known device, and no stranger can use the token of another account', async () => {
    const [user, other] = [await doctor(), await doctor()];
    const { body } = await login({ email: other.email, password });
    const { deviceToken } = body;
    await botnet(user.email, 6);
    expect((await login({ email: user.email, password, deviceToken })).status).toBe(429);
    for (let i = 0; i < 5; i++) await login({ email: other.email, password: 'wrong', deviceToken });
    expect((await login({ email: other.email, password, deviceToken })).status).toBe(429);
    expect((await login({ email: other.email, password })).status).toBe(200);
  });

  it('does not count a try that nobody could judge', async () => {
    const throttle = api.application.nest.get(LoginThrottle, { strict: false });
    const attempt = {
      purpose: 'mfa',
      userId: uuidv7(),
      name: '',
      ip: '::1',
      deviceToken: undefined,
      by: 'signing-in',
      guess: 'x',
    } as const;
    for (let i = 0; i < 20; i++) {
      await expect(throttle.attempt(attempt, () => Promise.reject(new Error('busy')))).rejects.toThrow('busy');
    }
    expect(await throttle.attempt(attempt, () => Promise.resolve('proof'))).toBe('proof');
  });
});

describe('password spraying', () => {
  let registry: Registry;
  let job: PasswordSprayingJob;

  beforeAll(async () => {
    // Files that ran before this one failed to sign in too, and the job looks minutes back.
    await owner('delete from public.login_failure');
    registry = createMetrics('test');
    const settings = { PORT: '1', RATE_LIMIT_FACTOR: '1' };
    const database = api.application.nest.get(HospitalDatabase);
    const outbox = api.application.nest.get(Outbox, { strict: false });
    const config = new ApiConfig({ ...process.env, ...settings });
    const sprays = new PasswordSprayingRepository(database);
    job = new PasswordSprayingJob(config, database, sprays, outbox, createLogger('test', 'silent'), registry);
  });

  const detected = async () =>
    /security_password_spraying_total\{kind="(\w+)".*?\} (\d+)/g[Symbol.matchAll](await registry.metrics());

  it('of one password over many accounts is noticed within two minutes and refused to strangers', async () => {
    const guess = `Hospital${uuidv7()}!`;
    const user = await createTestUser({
      hospital,
      role: 'nurse',
      passwordHash: await new PasswordHasher().hash(guess),
    });
    const { body: known } = await login({ email: user.email, password: guess });
    for (let i = 0; i < 15; i++) await login({ email: `${uuidv7()}@example.test`, password: guess }, botAddress(i));
    expect(job.schedule.everyMs).toBeLessThanOrEqual(60_000);
    await job.run();
    await job.run();
    expect([...(await detected())].map(([, kind, times]) => [kind, times])).toContainEqual(['password', '1']);
    expect((await login({ email: user.email, password: guess }, botAddress(400))).status).toBe(429);
    const { deviceToken } = known;
    expect((await login({ email: user.email, password: guess, deviceToken }, botAddress(401))).status).toBe(200);
    const { rows } = await owner(
      `select payload from public.outbox_event where type = 'security.password-spraying-detected'
       order by id desc limit 1`,
    );
    expect(rows[0]).toMatchObject({ payload: { kind: 'password', accounts: 15 } });
  });

  it('from one address over many accounts is noticed, and nobody behind it refused: names are easily invented', async () => {
    const address = `127.99.${String(Math.floor(Math.random() * 250))}.${String(Math.floor(Math.random() * 250))}`;
    for (let i = 0; i < 25; i++) {
      await login({ email: `${uuidv7()}@example.test`, password: `guess ${uuidv7()}` }, address);
    }
    await job.run();
    expect([...(await detected())].map(([, kind]) => kind)).toContain('address');
    const { email } = await doctor();
    expect((await login({ email, password }, address)).status).toBe(200);
  });

  it('leaves no password behind', async () => {
    const { rows } = await owner('select max(length(fingerprint)) as bytes from public.login_failure');
    expect(rows).toEqual([{ bytes: 4 }]);
  });
});
