import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { schemaOf, type Hospital } from '@hms/database';
import { Redis } from 'ioredis';
import { TelemetryPartitionsJob } from './features/vitals/telemetry-partitions.job.js';
import { ApiConfig } from './platform/config/api-config.js';
import type { HttpService } from './platform/http/http-service.js';
import { SeverableRedis } from './testing/severable-redis.js';
import { asOwner, createTestHospital, dropTestHospital } from './testing/test-hospital.js';
import { until } from './testing/until.js';
import { createWorker } from './worker.application.js';

/** A database of Redis of its own, so that no other worker takes these jobs. */
const redisDatabase = 9;
let cable: SeverableRedis;
let worker: HttpService;
let hospital: Hospital;
let broken: Hospital;

beforeAll(async () => {
  // They are worked through in the order of their slugs: the one that fails comes first.
  const both = [await createTestHospital(), await createTestHospital()];
  [broken, hospital] = both.sort((a, b) => (a.slug < b.slug ? -1 : 1)) as [Hospital, Hospital];
  const target = new URL(process.env['REDIS_URL'] ?? '');
  target.pathname = `/${String(redisDatabase)}`;
  cable = new SeverableRedis(target.href);
  await cable.plug();
  await cable.pull();
  const env = { ...process.env, NODE_ENV: 'test', LOG_LEVEL: 'silent', PORT: '1', REDIS_URL: cable.url };
  worker = await createWorker(new ApiConfig(env));
});

afterAll(async () => {
  await worker.nest.close();
  await cable.pull();
  const redis = new Redis(process.env['REDIS_URL'] ?? '', { db: redisDatabase });
  await redis.flushdb();
  redis.disconnect();
  await Promise.all([hospital, broken].map(dropTestHospital));
});

const get = async (url: string) => {
  const { statusCode, body } = await worker.nest.getHttpAdapter().getInstance().inject({ method: 'GET', url });
  return { statusCode, body };
};
const query = (sql: string) => asOwner((owner) => owner.query<{ present: boolean }>(sql));
/** The partition of vitals for 30 days ahead. */
const ahead = (h: Hospital): string => {
  const [year, month] = new Date(Date.now() + 30 * 24 * 3_600_000).toISOString().split('-');
  return `${schemaOf(h.slug)}.vitals_${String(year)}${String(month)}`;
};
const isThere = async (table: string): Promise<boolean> =>
  (await query(`select to_regclass('${table}') is not null as present`)).rows[0]?.present === true;

describe('the worker', () => {
  it('lives without Redis and says so', async () => {
    expect(await get('/readyz')).toEqual({ statusCode: 200, body: JSON.stringify({ status: 'ok', redis: 'down' }) });
  });

  it('keeps partitions ready as soon as Redis is there, now and on a schedule', async () => {
    await query(`drop table ${ahead(hospital)}`);
    expect(await isThere(ahead(hospital))).toBe(false);
    await cable.plug();
    await until(() => isThere(ahead(hospital)), 15_000);
    await until(async () => (await get('/metrics')).body.includes('jobs_total{job="telemetry-partitions"'));
    const redis = new Redis(process.env['REDIS_URL'] ?? '', { db: redisDatabase });
    expect(await redis.zscore('{hms}:jobs:repeat', 'telemetry-partitions')).not.toBeNull();
    redis.disconnect();
  }, 20_000);

  it('schedules again after Redis came back, even one that forgot everything', async () => {
    await cable.pull();
    const redis = new Redis(process.env['REDIS_URL'] ?? '', { db: redisDatabase });
    await redis.flushdb();
    await query(`drop table ${ahead(hospital)}`);
    await cable.plug();
    await until(() => isThere(ahead(hospital)), 15_000);
    expect(await redis.zscore('{hms}:jobs:repeat', 'telemetry-partitions')).not.toBeNull();
    redis.disconnect();
  }, 20_000);

  it('lets no hospital suffer from another that fails', async () => {
    const schema = schemaOf(broken.slug);
    await query(`drop function ${schema}.ensure_telemetry_partitions(timestamptz, timestamptz)`);
    await query(`drop table ${ahead(hospital)}`);
    const job = worker.nest.get(TelemetryPartitionsJob, { strict: false });
    await expect(job.run()).rejects.toThrow(/telemetry partitions: \d+ of \d+ hospitals failed/);
    expect(await isThere(ahead(hospital))).toBe(true);
  });
});
