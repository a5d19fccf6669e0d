import { readFile } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { schemaOf, type Hospital } from '@hms/database';
import type { Registry } from '@hms/service-kit';
import { Redis } from 'ioredis';
import { TelemetryCleanupJob } from './features/vitals/telemetry-cleanup.job.js';
import { TelemetryPartitionsJob } from './features/vitals/telemetry-partitions.job.js';
import { ApiConfig } from './platform/config/api-config.js';
import type { HttpService } from './platform/http/http-service.js';
import { IdempotencyExpiryJob } from './platform/idempotency/idempotency-expiry.job.js';
import { metricsRegistry } from './platform/observability/observability.tokens.js';
import { runEverywhere } from './testing/run-everywhere.js';
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

  it('cleans up in suspended hospitals too, and deletes nothing that may be asked for', async () => {
    const schema = schemaOf(hospital.slug);
    const left = async (column: string, table: string) => {
      const select = `select ${column} as key from ${schema}.${table} order by 1`;
      return (await asOwner((owner) => owner.query<{ key: unknown }>(select))).rows.map(({ key }) => key);
    };
    // One transaction: such old partitions are retired as soon as they are seen.
    await query(`
      set search_path = ${schema}, public;
      select ensure_range_partitions('telemetry_request', date_trunc('week', now() - interval '60 days'), now(), 'week');
      insert into ${schema}.telemetry_request (day, gateway_id, batch_key, body_hash, accepted, duplicates, unassigned)
      select current_date - age, gen_random_uuid(), 'batch ' || age, 0, 0, 0, 0 from unnest(array[8, 41, 44, 50]) as age;
      insert into ${schema}.telemetry_flush (writer, flush_no, committed_at, rows)
      select 1, age, now() - age * interval '1 day', 0 from unnest(array[0, 6, 8, 90]) as age;
      insert into ${schema}.idempotency_key (actor_id, operation, key, fingerprint, response_sealed, expires_at)
      select gen_random_uuid(), 'POST /', key, sha256('x'), '', now() + hours * interval '1 hour'
        from (values ('old', -1), ('new', 1)) as k (key, hours);
      update public.hospital set status = 'suspended' where id = '${hospital.id}'`);
    await runEverywhere(worker.nest.get(TelemetryCleanupJob, { strict: false }));
    await runEverywhere(worker.nest.get(IdempotencyExpiryJob, { strict: false }));
    await query(`update public.hospital set status = 'active' where id = '${hospital.id}'`);
    expect(await left('batch_key', 'telemetry_request')).toEqual(['batch 41', 'batch 8']);
    expect(await left('flush_no::int', 'telemetry_flush')).toEqual([0, 6]);
    expect(await left('key', 'idempotency_key')).toEqual(['new']);
  });

  it('lets no hospital suffer from another that fails', async () => {
    const schema = schemaOf(broken.slug);
    await query(`drop function ${schema}.ensure_telemetry_partitions(timestamptz, timestamptz)`);
    await query(`drop table ${ahead(hospital)}`);
    const job = worker.nest.get(TelemetryPartitionsJob, { strict: false });
    await expect(job.run()).rejects.toThrow(/telemetry partitions: \d+ of \d+ hospitals failed/);
    expect(await isThere(ahead(hospital))).toBe(true);
  });

  it('has every metric that the dashboard and the alert rules ask of it', async () => {
    const folder = new URL('../../../deploy/monitoring/', import.meta.url);
    const files = ['grafana-telemetry.json', 'telemetry-alerts.yml'];
    const text = (await Promise.all(files.map((file) => readFile(new URL(file, folder), 'utf8')))).join('\n');
    const asked = new Set(
      [...text.matchAll(/\b(?:device|outbox|alarm|notification|reminder|audit|encryption|jobs?)_\w+/g)].map(
        ([name]) => name,
      ),
    );
    const registry = worker.nest.get<Registry>(metricsRegistry, { strict: false });
    expect(asked).toContain('device_silent');
    expect([...asked].filter((name) => !registry.getSingleMetric(name))).toEqual([]);
  });
});
