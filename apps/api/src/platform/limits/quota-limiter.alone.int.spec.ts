/* Alone: it holds waits of tens of milliseconds against the clock. */
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { createLogger, createMetrics } from '@hms/service-kit';
import { RateLimiterRedis } from 'rate-limiter-flexible';
import { uuidv7 } from 'uuidv7';
import { SeverableRedis } from '../../testing/severable-redis.js';
import { until } from '../../testing/until.js';
import { ApiConfig } from '../config/api-config.js';
import { FailureQuota } from './failure-quota.js';
import { LimitStore } from './limit-store.service.js';
import { QuotaLimiter, type Quota, type Verdict } from './quota-limiter.js';
import { undisturbed } from './testing/undisturbed.js';

const windowMs = 2_000;
const units = 400;
const quota: Quota = { name: 'test-short', units, windowSeconds: windowMs / 1_000, instances: 2, strict: false };

let cable: SeverableRedis;
let stores: [LimitStore, LimitStore];
let steadily: ReturnType<typeof undisturbed>;

beforeAll(async () => {
  cable = new SeverableRedis(process.env['REDIS_URL'] ?? '');
  await cable.plug();
  const settings = { NODE_ENV: 'test', LOG_LEVEL: 'silent', PORT: '1', REDIS_URL: cable.url };
  const config = new ApiConfig({ ...process.env, ...settings });
  const store = () => new LimitStore(config, createLogger('test', 'silent'), createMetrics('test'));
  stores = [store(), store()];
  steadily = undisturbed(stores);
  await until(() => stores.every(({ isUp }) => isUp));
});

afterAll(async () => {
  for (const store of stores) store.onApplicationShutdown();
  await cable.pull();
});

const processes = (of: Quota): QuotaLimiter[] => stores.map((store) => new QuotaLimiter(of, store));
const take = async (limiter: QuotaLimiter, key: string): Promise<Verdict> => limiter.take(key);
const turn = () => new Promise((resolve) => setImmediate(resolve));
const untilTime = (at: number) => until(() => performance.now() >= at);

/** Asks without pause until `end`. @returns when each request was granted */
async function hammer(ask: () => Promise<boolean>, end: number): Promise<number[]> {
  const granted: number[] = [];
  while (performance.now() < end) {
    if (await ask()) granted.push(performance.now());
    await turn();
  }
  return granted;
}

/** The most that any window of this length holds. */
function most(times: readonly number[]): number {
  const sorted = [...times].sort((a, b) => a - b);
  let first = 0;
  return Math.max(
    ...sorted.map((time, last) => {
      while ((sorted[first] ?? 0) <= time - windowMs) first += 1;
      return last - first + 1;
    }),
  );
}

describe('a quota', () => {
  it('lets what it says pass in any window, to 5 %, through two processes together', () =>
    steadily(async () => {
      const key = uuidv7();
      const end = performance.now() + 3 * windowMs;
      const ask = processes(quota).map((limiter) => async () => (await limiter.take(key)).granted);
      const granted = (await Promise.all(ask.map((one) => hammer(one, end)))).flat();
      expect(most(granted)).toBeLessThanOrEqual(units * 1.05);
      expect(most(granted)).toBeGreaterThanOrEqual(units * 0.95);
      expect(granted.length).toBeGreaterThanOrEqual(units * 3 * 0.9);
    }));

  it('holds at the edge of a window, where a counter that starts anew lets almost twice as much pass', () =>
    steadily(async () => {
      const key = uuidv7();
      const [limiter] = processes({ ...quota, instances: 1 });
      // On a connection of its own: a limiter defines its script for all that share one.
      const fixed = new RateLimiterRedis({
        storeClient: stores[1].redis,
        points: units,
        duration: 2,
        keyPrefix: 'edge',
      });
      const sliding = async () => (await take(limiter!, key)).granted;
      const control = () =>
        fixed.consume(key).then(
          () => true,
          () => false,
        );
      // One early request opens the window; a burst comes in time before its end, and another right after it.
      await Promise.all([sliding(), control()]);
      const opened = performance.now();
      const burst = (ask: () => Promise<boolean>) => Promise.all(Array.from({ length: 1.5 * units }, ask));
      await untilTime(opened + windowMs * 0.5);
      const before = [await burst(sliding), await burst(control)];
      await untilTime(opened + windowMs * 1.02);
      const after = [await burst(sliding), await burst(control)];
      const [ours = 0, theirs = 0] = [0, 1].map(
        (who) => [before, after].flatMap((all) => all[who]).filter(Boolean).length,
      );
      expect(ours).toBeLessThanOrEqual(units * 1.05);
      expect(theirs).toBeGreaterThan(units * 1.9);
    }));

  it('is exact where it is small', () =>
    steadily(async () => {
      const key = uuidv7();
      const [a, b] = processes({ ...quota, units: 20, windowSeconds: 60 });
      const verdicts = await Promise.all(Array.from({ length: 100 }, (_, i) => take(i % 2 ? a! : b!, key)));
      expect(verdicts.filter(({ granted }) => granted)).toHaveLength(20);
      const refused = verdicts.find(({ granted }) => !granted);
      expect(refused).toMatchObject({ remaining: 0 });
      expect(refused?.waitMs).toBeGreaterThan(50_000);
    }));

  it('costs no question to Redis per request', () =>
    steadily(async () => {
      const key = uuidv7();
      const [limiter] = processes({ ...quota, units: 12_000, windowSeconds: 60 });
      const before = await questions();
      for (let i = 0; i < 1_200; i++) await limiter!.take(key);
      expect((await questions()) - before).toBeLessThanOrEqual(15);
    }));
});

/** Scripts that Redis ran for the limits of whoever uses it. */
async function questions(): Promise<number> {
  const info = await stores[0].redis.info('commandstats');
  return Number(/cmdstat_evalsha:calls=(\d+)/.exec(info)?.[1] ?? 0);
}

/** How long it took, as a timer of this process sees it: what a busy machine adds is in it. */
async function elapsed(work: Promise<unknown>): Promise<number> {
  const began = performance.now();
  await work;
  return performance.now() - began;
}

/** Takes one unit of 20 new keys at once. @returns the verdicts, and how long the slowest took */
async function takeNewKeys(limiter: QuotaLimiter): Promise<{ verdicts: Verdict[]; slowestMs: number }> {
  const began = performance.now();
  const verdicts = await Promise.all(Array.from({ length: 20 }, () => take(limiter, uuidv7())));
  return { verdicts, slowestMs: performance.now() - began };
}

describe('a quota of failures', () => {
  const failures: Quota = { name: 'test-failures', units: 20, windowSeconds: 60, instances: 2, strict: true };

  it('is one for all processes, takes nothing by looking and counts what failed past its end', () =>
    steadily(async () => {
      const [a, b] = stores.map((store) => new FailureQuota(failures, store));
      const key = uuidv7();
      for (let i = 0; i < 50; i++) expect(await a!.look(key)).toMatchObject({ granted: true, remaining: 20 });
      for (let i = 0; i < 19; i++) await (i % 2 ? a! : b!).record(key);
      expect(await a!.look(key)).toMatchObject({ granted: true, remaining: 1 });
      await Promise.all(Array.from({ length: 30 }, () => b!.record(key)));
      const refused = await a!.look(key);
      expect(refused).toMatchObject({ granted: false, remaining: 0 });
      expect(refused.waitMs).toBeGreaterThan(50_000);
      const used = await stores[0].redis.hvals(`limit:test-failures:${key}`);
      expect(used.map(Number).reduce((sum, one) => sum + one)).toBe(49);
    }));
});

describe('a Redis in trouble', () => {
  it('delays those who ask at that moment by at most 50 ms, nobody after them, and refuses no one', async () => {
    const [limiter] = processes({ ...quota, units: 10 });
    await limiter!.take(uuidv7());
    cable.freeze();
    try {
      const fiftyMs = elapsed(delay(50));
      const first = await takeNewKeys(limiter!);
      const later = await takeNewKeys(limiter!);
      expect([...first.verdicts, ...later.verdicts].every(({ granted }) => granted)).toBe(true);
      expect(first.slowestMs).toBeGreaterThan(35);
      expect(first.slowestMs).toBeLessThan((await fiftyMs) + 10);
      expect(later.slowestMs).toBeLessThan(35);
    } finally {
      cable.thaw();
    }
    await until(() => stores[0].isUp, 5_000);
  });

  it('leaves every process with the whole quota, and with its share where a secret can be guessed', async () => {
    const key = uuidv7();
    const grantedOf = async (limiter: QuotaLimiter) => {
      const verdicts = await Promise.all(Array.from({ length: 60 }, () => take(limiter, key)));
      return verdicts.filter(({ granted }) => granted).length;
    };
    await cable.pull();
    await until(() => !stores[0].isUp);
    const [open] = processes({ ...quota, units: 20, windowSeconds: 60 });
    const [strict] = processes({ ...quota, units: 20, windowSeconds: 60, strict: true });
    expect(await grantedOf(open!)).toBe(20);
    expect(await grantedOf(strict!)).toBe(10);
    const failures = new FailureQuota({ ...quota, units: 20, windowSeconds: 60, strict: true }, stores[0]);
    for (let i = 0; i < 10; i++) {
      expect((await failures.look(key)).granted).toBe(true);
      await failures.record(key);
    }
    expect((await failures.look(key)).granted).toBe(false);
    await cable.plug();
    await until(() => stores.every(({ isUp }) => isUp), 5_000);
  });
});
