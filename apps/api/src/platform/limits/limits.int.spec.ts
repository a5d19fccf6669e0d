import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Hospital } from '@hms/database';
import { Redis } from 'ioredis';
import { TestApi } from '../../testing/test-api.js';
import { createTestHospital, dropTestHospital } from '../../testing/test-hospital.js';
import { until } from '../../testing/until.js';
import { LimitStore } from './limit-store.service.js';
import { undisturbed } from './testing/undisturbed.js';

/** Counters of their own: other tests share the other databases of this Redis. */
const redisUrl = new URL(process.env['REDIS_URL'] ?? '');
redisUrl.pathname = '/8';
let apis: [TestApi, TestApi];
let hospital: Hospital;
let steadily: ReturnType<typeof undisturbed>;
let addresses = 0;

beforeAll(async () => {
  const env = { RATE_LIMIT_FACTOR: '1', RATE_LIMIT_INSTANCES: '2', REDIS_URL: redisUrl.href };
  apis = [await TestApi.start(env), await TestApi.start(env)];
  const stores = apis.map((api) => api.application.nest.get(LimitStore, { strict: false }));
  steadily = undisturbed(stores);
  await until(() => stores.every(({ isUp }) => isUp));
  hospital = await createTestHospital();
});

afterAll(async () => {
  await Promise.all(apis.map((api) => api.close()));
  await dropTestHospital(hospital);
  const redis = new Redis(redisUrl.href);
  await redis.flushdb();
  redis.disconnect();
});

/** An address nobody used before. */
const newAddress = (): string => `127.77.${String(Math.floor(++addresses / 250))}.${String(addresses % 250)}`;

interface Question {
  readonly remoteAddress?: string;
  readonly headers?: Record<string, string>;
  readonly payload?: string;
}

/** Something that costs one unit of the class `credential`: its body is broken, and never read after the last one. */
const guess = (through: TestApi, question: Question) =>
  through.send({
    method: 'POST',
    url: '/api/v1/auth/invitations/accept',
    payload: '{"broken',
    ...question,
    headers: { 'content-type': 'application/json', ...question.headers },
  });

const statuses = async (questions: readonly ReturnType<typeof guess>[]) =>
  (await Promise.all(questions)).map(({ status }) => status);
const count = (values: readonly number[], value: number) => values.filter((one) => one === value).length;

describe('a client that asks too often', () => {
  it('is refused before its body is read, by all processes together, and told when to come back', () =>
    steadily(async () => {
      const remoteAddress = newAddress();
      const answers = await statuses(
        Array.from({ length: 50 }, (_, i) => guess(apis[i % 2 ? 1 : 0], { remoteAddress })),
      );
      expect([count(answers, 400), count(answers, 429)]).toEqual([20, 30]);
      const { status, body, headers } = await guess(apis[0], { remoteAddress });
      expect(status).toBe(429);
      expect(headers['content-type']).toContain('application/problem+json');
      expect(body).toMatchObject({ code: 'rate.limited', status: 429, type: '/problems/rate.limited' });
      expect(body.detail).toMatch(/^Wait \d+ s/);
      expect(headers['ratelimit-policy']).toBe('"credential-address";q=20;w=60');
      expect(headers['ratelimit']).toMatch(/^"credential-address";r=0;t=\d+$/);
      expect(headers['retry-after']).toMatch(/^\d+$/);
      expect(Number(headers['retry-after'])).toBeGreaterThan(50);
    }));

  it('is another one for another address, and for another class of routes', () =>
    steadily(async () => {
      const remoteAddress = newAddress();
      const answers = await statuses(Array.from({ length: 25 }, () => guess(apis[0], { remoteAddress })));
      expect(count(answers, 429)).toBe(5);
      expect((await guess(apis[0], { remoteAddress: newAddress() })).status).toBe(400);
      const read = await apis[0].send({ method: 'GET', url: '/.well-known/jwks.json', remoteAddress });
      expect(read.status).toBe(200);
    }));

  it('is told apart by the address that the one trusted proxy saw', () =>
    steadily(async () => {
      const seen = newAddress();
      const spoof = (i: number) => ({ 'x-forwarded-for': `198.51.100.${String(i)}, ${seen}` });
      const proxied = await statuses(
        Array.from({ length: 40 }, (_, i) => guess(apis[0], { remoteAddress: '127.0.0.1', headers: spoof(i) })),
      );
      expect(count(proxied, 429)).toBe(20);
      const remoteAddress = newAddress();
      const direct = await statuses(
        Array.from({ length: 40 }, (_, i) => guess(apis[0], { remoteAddress, headers: spoof(i) })),
      );
      expect(count(direct, 429)).toBe(20);
    }));
});

describe('every answer', () => {
  it('of a limited route tells the quota nearest to its end', () =>
    steadily(async () => {
      const doctor = await apis[0].signIn({ hospital, role: 'doctor' });
      const read = await apis[0].send({ method: 'GET', url: '/api/v1/me', remoteAddress: newAddress() }, doctor);
      expect(read.headers['ratelimit-policy']).toBe('"read-user";q=1200;w=60');
      expect(read.headers['ratelimit']).toMatch(/^"read-user";r=1199;t=6\d$/);
      const search = await apis[0].send(
        { method: 'GET', url: '/api/v1/patients', remoteAddress: newAddress() },
        doctor,
      );
      expect(search.headers['ratelimit-policy']).toBe('"search-user";q=120;w=60');
    }));

  it('of a probe is free', () =>
    steadily(async () => {
      const { status, headers } = await apis[0].send({ method: 'GET', url: '/healthz' });
      expect(status).toBe(200);
      expect(headers['ratelimit']).toBeUndefined();
    }));

  it('about an address without a route is counted too', () =>
    steadily(async () => {
      const { status, headers } = await apis[0].send({
        method: 'GET',
        url: '/api/v1/no-such',
        remoteAddress: newAddress(),
      });
      expect(status).toBe(404);
      expect(headers['ratelimit-policy']).toBe('"read-address";q=12000;w=60');
    }));
});

describe('a user that asks too often', () => {
  it('is refused on every address, and no other user with it', () =>
    steadily(async () => {
      const [busy, other] = [
        await apis[0].signIn({ hospital, role: 'doctor' }),
        await apis[0].signIn({ hospital, role: 'doctor' }),
      ];
      const search = (caller: typeof busy) =>
        apis[0].send({ method: 'GET', url: '/api/v1/patients?limit=1', remoteAddress: newAddress() }, caller);
      const answers: number[] = [];
      for (let i = 0; i < 13; i++) {
        answers.push(
          ...(await Promise.all(Array.from({ length: 10 }, () => search(busy)))).map(({ status }) => status),
        );
      }
      expect([count(answers, 200), count(answers, 429)]).toEqual([120, 10]);
      expect((await search(other)).status).toBe(200);
    }));
});
