import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { hospitalRef } from '@hms/database';
import { BentoCache, bentostore } from 'bentocache';
import { memoryDriver } from 'bentocache/drivers/memory';
import { redisBusDriver, redisDriver } from 'bentocache/drivers/redis';
import fc from 'fast-check';
import { Redis } from 'ioredis';
import { until } from '../../testing/until.js';
import { CacheProcess, testRedisUrl } from './testing/cache-process.js';
import { SharedRecord, turns } from './testing/shared-record.js';

const tags = ['record'];
let processes: [CacheProcess, CacheProcess];
const redis = new Redis(testRedisUrl());

beforeAll(async () => {
  processes = await Promise.all([new CacheProcess().ready(), new CacheProcess().ready()]);
});
afterAll(() => {
  for (const process of processes) process.close();
  redis.disconnect();
});

interface Gate {
  readonly passed: Promise<void>;
  open(): void;
}

function gate(): Gate {
  let open = (): void => undefined;
  const passed = new Promise<void>((resolve) => (open = resolve));
  return { passed, open: () => open() };
}

describe('a reader who read before a commit and stores after its invalidation', () => {
  /**
   * @param read asks the cache, which asks the given loader
   * @returns the version found after a write that was answered
   */
  async function slowReader(
    read: (load: () => Promise<{ version: number }>) => Promise<{ version: number } | undefined>,
    invalidate: () => Promise<unknown>,
  ): Promise<number | undefined> {
    const record = new SharedRecord();
    const [hasRead, mayStore] = [gate(), gate()];
    const slow = read(async () => {
      const value = await record.load();
      hasRead.open();
      await mayStore.passed;
      return value;
    });
    await hasRead.passed;
    await record.commit();
    await invalidate();
    // The library takes an entry for older than a deletion of the same millisecond.
    const deleted = Date.now();
    await until(() => Date.now() > deleted);
    mayStore.open();
    await slow;
    return (await read(() => record.load()))?.version;
  }

  it.each([
    ['in the same process', 0],
    ['in another process', 1],
  ] as const)('does not put the old value back, %s', async (_, writer) => {
    const hospital = hospitalRef({ id: randomUUID(), slug: 'somewhere' });
    const version = await slowReader(
      (load) => processes[0].cache.hospital({ hospital }).read('record', { tags }, load),
      () => processes[writer].cache.invalidate(hospital.id, tags),
    );
    expect(version).toBe(1);
  });

  it.each(['key', 'tag'] as const)('would, were entries deleted by %s as the library does it', async (by) => {
    const stores = {
      plain: bentostore({ prefix: randomUUID() })
        .useL1Layer(memoryDriver())
        .useL2Layer(redisDriver({ connection: new Redis(testRedisUrl()) }))
        .useBus(redisBusDriver({ connection: redis })),
    };
    const plain = new BentoCache({ default: 'plain', stores });
    const version = await slowReader(
      async (load) => plain.getOrSet({ key: 'record', tags, ttl: '1m', factory: load }),
      () => (by === 'key' ? plain.delete({ key: 'record' }) : plain.deleteByTag({ tags })),
    );
    await plain.disconnect();
    expect(version).toBe(0);
  });
});

/** One thing a session does, at one of two processes, after some turns of the event loop. */
const step = fc.record({
  process: fc.constantFrom<0 | 1>(0, 1),
  act: fc.constantFrom('read', 'read', 'write'),
  pause: fc.nat({ max: 4 }),
  before: fc.nat({ max: 4 }),
  after: fc.nat({ max: 8 }),
});
const sessions = fc.array(fc.array(step, { minLength: 1, maxLength: 6 }), { minLength: 2, maxLength: 6 });

describe('sessions that read and write one record through two processes', () => {
  it('never see less than what any write had been answered with when they asked', async () => {
    await fc.assert(
      fc.asyncProperty(sessions, async (all) => {
        const hospital = hospitalRef({ id: randomUUID(), slug: 'somewhere' });
        const record = new SharedRecord();
        let answered = 0;
        const run = async ({ process, act, pause, before, after }: (typeof all)[number][number]) => {
          await turns(pause);
          const { cache } = processes[process];
          if (act === 'write') {
            const version = await record.commit(before);
            await cache.invalidate(hospital.id, tags);
            answered = Math.max(answered, version);
            return;
          }
          const owed = answered;
          const found = await cache.hospital({ hospital }).read('record', { tags }, () => record.load(before, after));
          expect(found.version).toBeGreaterThanOrEqual(owed);
        };
        await Promise.all(
          all.map(async (steps) => {
            for (const one of steps) await run(one);
          }),
        );
      }),
      { numRuns: 150 },
    );
  });
});
