import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Problem } from '@hms/contracts';
import type { Hospital } from '@hms/database';
import { Redis } from 'ioredis';
import { generateSync } from 'otplib';
import { uuidv7 } from 'uuidv7';
import { LimitStore } from '../../platform/limits/limit-store.service.js';
import { undisturbed } from '../../platform/limits/testing/undisturbed.js';
import { TestApi } from '../../testing/test-api.js';
import { asOwner, createTestHospital, createTestUser, dropTestHospital } from '../../testing/test-hospital.js';
import { until } from '../../testing/until.js';
import { maxJudgedAtOnce } from './address-guesses.service.js';
import type { LoginResultDto } from './auth.dto.js';
import { PasswordHasher } from './password-hasher.service.js';

const password = 'correct horse battery staple';
const redisUrl = new URL(process.env['REDIS_URL'] ?? '');
redisUrl.pathname = '/6';
let api: TestApi;
let steadily: ReturnType<typeof undisturbed>;
let hospital: Hospital;
let other: Hospital;
let passwordHash: string;
let addresses = 0;

beforeAll(async () => {
  api = await TestApi.start({ REDIS_URL: redisUrl.href, RATE_LIMIT_FACTOR: '1' });
  const store = api.application.nest.get(LimitStore, { strict: false });
  await until(() => store.isUp);
  steadily = undisturbed([store]);
  [hospital, other] = [await createTestHospital(), await createTestHospital()];
  passwordHash = await new PasswordHasher().hash(password);
});

afterAll(async () => {
  await api.close();
  await Promise.all([hospital, other].map(dropTestHospital));
  const redis = new Redis(redisUrl.href);
  await redis.flushdb();
  redis.disconnect();
});

type Answer = LoginResultDto & Problem & { challenge: string; secret: string };
const newAddress = () => `127.88.0.${String(++addresses)}`;
const post = (path: string, payload: object, remoteAddress: string, caller?: { accessToken: string }) =>
  api.send<Answer>({ method: 'POST', url: `/api/v1/auth/${path}`, payload, remoteAddress }, caller);
const login = (payload: object, address: string) => post('login', { password, ...payload }, address);
const nurse = () => createTestUser({ hospital, role: 'nurse', passwordHash });
/** Wrong guesses at names that somebody made up. */
async function guess(times: number, address: string): Promise<number[]> {
  const statuses: number[] = [];
  for (let i = 0; i < times; i++) {
    const payload = { email: `${uuidv7()}@example.test`, password: `guess ${uuidv7()}` };
    statuses.push((await login(payload, address)).status);
  }
  return statuses;
}

describe('an address from which many sign-ins fail', () => {
  it('is refused after 20 of them, but not the devices its users are known by', () =>
    steadily(async () => {
      const [{ email }, address] = [await nurse(), newAddress()];
      const { deviceToken } = (await login({ email }, newAddress())).body;
      expect((await guess(22, address)).filter((status) => status === 429)).toHaveLength(2);
      const stranger = await login({ email }, address);
      expect(stranger).toMatchObject({ status: 429, body: { code: 'rate.limited' } });
      expect(stranger.headers['retry-after']).toMatch(/^\d+$/);
      expect((await login({ email, deviceToken }, address)).status).toBe(200);
      expect((await login({ email, deviceToken: 'somebody else’s' }, address)).status).toBe(429);
    }));

  it('is not one from which people sign in in two steps, or say later to which hospital', () =>
    steadily(async () => {
      const [user, address] = [await nurse(), newAddress()];
      const { body: session } = await login({ email: user.email }, address);
      const { secret } = (await post('mfa/totp', {}, address, session)).body;
      await post('mfa/totp/confirm', { code: generateSync({ secret }) }, address, session);
      const split = await nurse();
      await asOwner((owner) =>
        owner.query(
          `insert into public.membership (id, user_id, hospital_id, role) values (gen_random_uuid(), $1, $2, 'nurse')`,
          [split.id, other.id],
        ),
      );
      await guess(19, address);
      for (let i = 0; i < 3; i++) {
        expect((await login({ email: user.email }, address)).body.code).toBe('auth.mfa-required');
        expect((await login({ email: split.email }, address)).body.code).toBe('auth.hospital-required');
      }
      expect(await guess(2, address)).toEqual([401, 429]);
    }));

  it('is not one from which as many sign in at the same moment, or try at locked accounts', () =>
    steadily(async () => {
      const [{ email: locked }, address] = [await nurse(), newAddress()];
      const users = await Promise.all(Array.from({ length: 40 }, nurse));
      const together = await Promise.all(users.map(({ email }) => login({ email }, address)));
      expect(new Set(together.map(({ status }) => status))).toEqual(new Set([200]));
      for (let i = 0; i < 5; i++) await login({ email: locked, password: 'wrong' }, newAddress());
      for (let i = 0; i < 25; i++)
        expect((await login({ email: locked }, address)).body.code).toBe('auth.too-many-attempts');
      expect(await guess(1, address)).toEqual([401]);
    }));

  it('gets no more wrong guesses judged at once than are judged at once, and those count against it', () =>
    steadily(async () => {
      const address = newAddress();
      const waves = await Promise.all(Array.from({ length: 150 }, () => guess(1, address)));
      const judged = waves.flat().filter((status) => status === 401).length;
      expect(judged).toBeGreaterThanOrEqual(20);
      expect(judged).toBeLessThan(20 + maxJudgedAtOnce);
      expect(await guess(3, address)).toEqual([429, 429, 429]);
    }));

  it('counts wrong codes of a second factor as well', () =>
    steadily(async () => {
      const [user, address] = [await nurse(), newAddress()];
      const { body: session } = await login({ email: user.email }, address);
      const { secret } = (await post('mfa/totp', {}, address, session)).body;
      await post('mfa/totp/confirm', { code: generateSync({ secret }) }, address, session);
      await guess(19, address);
      const { challenge } = (await login({ email: user.email }, address)).body;
      const verify = () => post('mfa/verify', { challenge, code: 'abcdef' }, address);
      expect([(await verify()).status, (await verify()).status]).toEqual([401, 429]);
    }));
});
