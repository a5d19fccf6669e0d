import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { hospitalRef } from '@hms/database';
import { Redis } from 'ioredis';
import { CacheProcess, testRedisUrl } from './testing/cache-process.js';
import { SharedRecord } from './testing/shared-record.js';

const tags = ['patient:1'];
const redis = new Redis(testRedisUrl());
let here: CacheProcess;
let there: CacheProcess;
let hospital: { hospital: ReturnType<typeof hospitalRef> };

beforeAll(async () => {
  [here, there] = await Promise.all([new CacheProcess().ready(), new CacheProcess().ready()]);
});
beforeEach(() => {
  hospital = { hospital: hospitalRef({ id: randomUUID(), slug: 'somewhere' }) };
});
afterAll(() => {
  here.close();
  there.close();
  redis.disconnect();
});

/** Says which of its calls was answered. */
function numbered() {
  let calls = 0;
  return () => Promise.resolve({ call: (calls += 1), name: 'Muster' });
}

describe('a value', () => {
  it('is loaded once and then found by the same and by another process', async () => {
    const load = numbered();
    for (const process of [here, here, there, there]) {
      expect(await process.cache.hospital(hospital).read('patient:1', { tags }, load)).toEqual({
        call: 1,
        name: 'Muster',
      });
    }
    expect(await there.counts()).toMatchObject({ 'l2 hit': 1, 'l1 hit': 1 });
  });

  it('is loaded once for a hundred who miss it at the same time', async () => {
    const record = new SharedRecord();
    const answers = await Promise.all(
      Array.from({ length: 100 }, () => here.cache.hospital(hospital).read('x', { tags }, () => record.load(3, 3))),
    );
    expect(record.reads).toBe(1);
    expect(new Set(answers.map((answer) => answer.version))).toEqual(new Set([0]));
  });

  it('is not kept when there is none, nor when loading fails, and waiting readers fail together', async () => {
    let calls = 0;
    const absent = () => Promise.resolve((calls += 1) > 0 ? undefined : { never: true });
    const space = here.cache.hospital(hospital);
    expect(await space.read('absent', { tags }, absent)).toBeUndefined();
    expect(await space.read('absent', { tags }, absent)).toBeUndefined();
    expect(calls).toBe(2);
    const failure = new Error('the database is away');
    let attempts = 0;
    const failing = (): Promise<{ never: true } | undefined> => {
      attempts += 1;
      return Promise.reject(failure);
    };
    const all = await Promise.allSettled(Array.from({ length: 10 }, () => space.read('broken', { tags }, failing)));
    expect(all.every((one) => one.status === 'rejected' && one.reason === failure)).toBe(true);
    expect(attempts).toBe(1);
  });

  it('cannot be changed by who reads it', async () => {
    const space = here.cache.hospital(hospital);
    const load = () => Promise.resolve({ names: ['Muster'] });
    const value = await space.read('names', { tags }, load);
    expect(() => value.names.push('Other')).toThrow(TypeError);
    const remote = await there.cache.hospital(hospital).read('names', { tags }, load);
    expect(() => remote.names.push('Other')).toThrow(TypeError);
  });

  it('is loaded anew when its time is over', async () => {
    const load = numbered();
    const space = here.cache.hospital(hospital);
    await space.read('short', { tags, ttl: 1 }, load);
    await new Promise((resolve) => setTimeout(resolve, 5));
    expect(await space.read('short', { tags, ttl: 1 }, load)).toMatchObject({ call: 2 });
  });
});

describe('an invalidation', () => {
  it('reaches every entry that carries the tag, in every process, and no other', async () => {
    const [patient, list, other] = [numbered(), numbered(), numbered()];
    const read = (process: CacheProcess) => {
      const space = process.cache.hospital(hospital);
      return Promise.all([
        space.read('patient', { tags: ['patient:1'] }, patient),
        space.read('list', { tags: ['patient:1', 'patient:2'] }, list),
        space.read('other', { tags: ['patient:3'] }, other),
      ]).then((values) => values.map((value) => value.call));
    };
    expect(await read(here)).toEqual([1, 1, 1]);
    expect(await read(there)).toEqual([1, 1, 1]);
    await here.cache.invalidate(hospital.hospital.id, ['patient:1']);
    expect(await read(there)).toEqual([2, 2, 1]);
    expect(await read(here)).toEqual([2, 2, 1]);
  });

  it('of reference data leaves hospitals alone', async () => {
    const [drug, patient] = [numbered(), numbered()];
    const key = randomUUID();
    const read = async () => [
      (await here.cache.reference.read(key, { tags }, drug)).call,
      (await here.cache.hospital(hospital).read(key, { tags }, patient)).call,
    ];
    expect(await read()).toEqual([1, 1]);
    await there.cache.invalidate(null, tags);
    expect(await read()).toEqual([2, 1]);
  });

  it('is what flushing Redis amounts to: nothing old is found, and caching goes on', async () => {
    const load = numbered();
    const read = (process: CacheProcess) => process.cache.hospital(hospital).read('flushed', { tags }, load);
    await read(here);
    await redis.flushdb();
    expect(await read(here)).toMatchObject({ call: 2 });
    expect(await read(there)).toMatchObject({ call: 2 });
  });
});

describe('a hospital', () => {
  it('is never answered with what another one cached under the same key', async () => {
    const other = { hospital: hospitalRef({ id: randomUUID(), slug: 'elsewhere' }) };
    await here.cache.hospital(hospital).read('patient:1', { tags }, () => Promise.resolve({ of: 'somewhere' }));
    for (const process of [here, there]) {
      const load = () => Promise.resolve({ of: 'elsewhere' });
      expect(await process.cache.hospital(other).read('patient:1', { tags }, load)).toEqual({ of: 'elsewhere' });
    }
  });

  it('has every key under its own prefix, and nothing of a record is legible in Redis', async () => {
    await redis.flushdb();
    await here.cache.hospital(hospital).read('patient:1', { tags }, numbered());
    await here.cache.invalidate(hospital.hospital.id, ['ward:1']);
    const keys = await redis.keys('*');
    expect(keys.length).toBeGreaterThan(2);
    expect(keys.filter((key) => !key.startsWith(`{h:${hospital.hospital.id}}:cache:`))).toEqual([]);
    const stored = await Promise.all(keys.map((key) => redis.getBuffer(key)));
    expect(stored.some((value) => value?.includes('Muster'))).toBe(false);
  });

  it('is not answered with an entry that somebody moved or altered in Redis', async () => {
    await redis.flushdb();
    const load = numbered();
    const entry = async () => (await redis.keys('*')).find((key) => key.includes('@')) ?? '';
    await here.cache.hospital(hospital).read('a', { tags }, load);
    const moved = await entry();
    const bytes = await redis.getBuffer(moved);
    await redis.set(moved.replace(':a@', ':b@'), bytes ?? '');
    expect(await there.cache.hospital(hospital).read('b', { tags }, load)).toMatchObject({ call: 2 });
    await redis.set(moved, bytes?.fill(0, 30, 31) ?? '');
    expect(await there.cache.hospital(hospital).read('a', { tags }, load)).toMatchObject({ call: 3 });
  });
});

describe('an operator', () => {
  it('may switch the cache off in one process; its writes still reach the others', async () => {
    const off = new CacheProcess(testRedisUrl(), { CACHE: 'off' });
    await off.ready();
    const load = numbered();
    expect(await here.cache.hospital(hospital).read('x', { tags }, load)).toMatchObject({ call: 1 });
    expect(await off.cache.hospital(hospital).read('x', { tags }, load)).toMatchObject({ call: 2 });
    await off.cache.invalidate(hospital.hospital.id, tags);
    expect(await here.cache.hospital(hospital).read('x', { tags }, load)).toMatchObject({ call: 3 });
    expect(await off.counts()).toEqual({ 'database bypass': 1 });
    off.close();
  });

  it('sees the hit ratio', async () => {
    const metrics = await here.registry.metrics();
    expect(metrics).toMatch(/^cache_hit_ratio\{service="test"\} 0\.\d+$/m);
  });
});
