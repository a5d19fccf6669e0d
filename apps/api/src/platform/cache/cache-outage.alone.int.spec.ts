/* Alone: it holds waits of tens of milliseconds against the clock. */
import { randomUUID } from 'node:crypto';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { hospitalRef } from '@hms/database';
import { SeverableRedis } from '../../testing/severable-redis.js';
import { connectTestRedis } from '../../testing/test-redis.js';
import { until } from '../../testing/until.js';
import { CacheProcess, testRedisUrl } from './testing/cache-process.js';
import { SharedRecord } from './testing/shared-record.js';

const tags = ['record'];
const redis = connectTestRedis();
let cable: SeverableRedis;
let processes: CacheProcess[];
let writer: CacheProcess;
let reader: CacheProcess;
let record: SharedRecord;
let hospital: ReturnType<typeof hospitalRef>;

beforeAll(async () => {
  cable = new SeverableRedis(testRedisUrl());
  await cable.plug();
  writer = new CacheProcess(cable.url);
  reader = new CacheProcess(cable.url);
  processes = [writer, reader];
});
beforeEach(async () => {
  await Promise.all(processes.map((process) => process.ready()));
  record = new SharedRecord();
  hospital = hospitalRef({ id: randomUUID(), slug: 'somewhere' });
  for (const process of processes) await read(process);
  expect(record.reads).toBe(1);
});
afterAll(async () => {
  for (const process of processes) process.close();
  await redis.call('acl', 'deluser', 'full');
  redis.disconnect();
  await cable.pull();
});

const read = async (process: CacheProcess) =>
  (await process.cache.hospital({ hospital }).read('record', { tags }, () => record.load())).version;

async function write(): Promise<void> {
  await record.commit();
  await writer.cache.invalidate(hospital.id, tags);
}

async function timed(work: () => Promise<unknown>): Promise<number> {
  const began = performance.now();
  await work();
  return performance.now() - began;
}

describe('with Redis full', () => {
  it('a write is seen everywhere although Redis takes nothing more', async () => {
    const full = new URL(cable.url);
    full.username = 'full';
    await redis.call('acl', 'setuser', 'full', 'on', `>${full.password}`, '~*', '&*', '+@all', '-set');
    const process = await new CacheProcess(full.href).ready();
    await record.commit();
    await process.cache.invalidate(hospital.id, tags);
    process.close();
    expect(await read(reader)).toBe(1);
  });
});

describe('with Redis cut off', () => {
  it('the database answers, and nothing older once Redis is back', async () => {
    await cable.pull();
    await until(() => !writer.trusted && !reader.trusted);
    await write();
    expect(await read(reader)).toBe(1);
    await write();
    expect(await read(reader)).toBe(2);
    await cable.plug();
    while (!reader.trusted) expect(await read(reader)).toBe(2);
    expect(await read(reader)).toBe(2);
    const { reads } = record;
    expect(await read(reader)).toBe(2);
    expect(record.reads).toBe(reads);
  });
});

describe('with the connection of one process reset', () => {
  let own: SeverableRedis;
  let alone: CacheProcess;
  beforeEach(async () => {
    own = new SeverableRedis(testRedisUrl());
    await own.plug();
    alone = await new CacheProcess(own.url).ready();
  });
  afterEach(async () => {
    alone.close();
    await own.pull();
  });
  const reset = () => own.pull().then(() => own.plug());

  it('what it writes then is seen by those who kept theirs, at once', async () => {
    for (let version = 1; version <= 5; version += 1) {
      await reset();
      if (version % 2 === 0) await until(() => !alone.trusted);
      await record.commit();
      await alone.cache.invalidate(hospital.id, tags);
      expect(await read(reader)).toBe(version);
      expect(reader.trusted).toBe(true);
    }
  });

  it('what it was writing is, too', async () => {
    own.freeze();
    await record.commit();
    const writing = alone.cache.invalidate(hospital.id, tags);
    await own.pull();
    own.thaw();
    await own.plug();
    await writing;
    expect(await read(reader)).toBe(1);
  });

  it('for longer, one write waits a second and the next not at all, until it is back', async () => {
    await own.pull();
    const write = () => alone.cache.invalidate(hospital.id, tags);
    expect(await timed(write)).toBeGreaterThan(900);
    expect(await timed(write)).toBeLessThan(100);
    await record.commit();
    await own.plug();
    await alone.ready();
    expect(await read(reader)).toBe(1);
    await record.commit();
    await write();
    expect(await read(reader)).toBe(2);
  });
});

describe('with Redis frozen', () => {
  it('for less than a lease, a write is answered once Redis knows of it, and reads stay in the cache', async () => {
    cable.freeze();
    const writing = write();
    expect(await read(reader)).toBeLessThanOrEqual(1);
    cable.thaw();
    await writing;
    expect(await read(reader)).toBe(1);
    expect(processes.map(({ trusted }) => trusted)).toEqual([true, true]);
  });

  it('a read waits for it once, 50 ms, the next not at all, and answers are right', async () => {
    cable.freeze();
    const first = await timed(async () => expect(await read(reader)).toBe(0));
    expect(first).toBeGreaterThanOrEqual(45);
    expect(first).toBeLessThan(150);
    const next = await timed(async () => {
      for (let i = 0; i < 50; i += 1) await read(reader);
    });
    expect(next).toBeLessThan(50);
    cable.thaw();
  });

  it('what was written meanwhile is seen everywhere, then and after it goes on', async () => {
    cable.freeze();
    await write();
    expect(await read(reader)).toBe(1);
    await write();
    expect(await read(reader)).toBe(2);
    cable.thaw();
    while (!reader.trusted) expect(await read(reader)).toBe(2);
    expect(await read(reader)).toBe(2);
  });
});
