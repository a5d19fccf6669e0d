/* Alone: its consumer is given the events of every hospital. */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { INestApplicationContext } from '@nestjs/common';
import type { Hospital, PublicTx } from '@hms/database';
import { uuidv7 } from 'uuidv7';
import { SeverableRedis } from '../../testing/severable-redis.js';
import { asOwner, createTestHospital, dropTestHospital } from '../../testing/test-hospital.js';
import { connectTestRedis } from '../../testing/test-redis.js';
import { startTestWorker } from '../../testing/test-worker.js';
import { until } from '../../testing/until.js';
import type { PlatformConsumer } from './event-consumer.js';

const count = 2_000;
const name = `test-${uuidv7()}`;
const effects = `public.test_effect_${uuidv7().replaceAll('-', '')}`;
const consumer: PlatformConsumer<'patient.updated'> = {
  name,
  types: ['patient.updated'],
  effect: 'platform',
  handle: async ({ id }, tx: PublicTx) => {
    await tx.$executeRawUnsafe(`insert into ${effects} values ($1::uuid)`, id);
  },
};
/** A database of Redis of its own, so that it can be lost. */
const redisDatabase = 12;
const redis = connectTestRedis(redisDatabase);
let cable: SeverableRedis;
let hospital: Hospital;
let worker: INestApplicationContext;

beforeAll(async () => {
  hospital = await createTestHospital();
  await sql(`create table ${effects} (event_id uuid)`);
  await sql(`grant insert on ${effects} to hms_api`);
  const target = new URL(process.env['REDIS_URL'] ?? '');
  target.pathname = `/${String(redisDatabase)}`;
  cable = new SeverableRedis(target.href);
  await cable.plug();
  worker = await startTestWorker([consumer], { ...process.env, REDIS_URL: cable.url });
});

afterAll(async () => {
  await worker.close();
  await cable.pull();
  await redis.flushdb();
  redis.disconnect();
  await sql('delete from public.outbox_consumer where name = $1', [name]);
  await sql(`drop table ${effects}`);
  await dropTestHospital(hospital);
});

const sql = <Row extends object>(text: string, values: unknown[] = []) =>
  asOwner((owner) => owner.query<Row>(text, values)).then(({ rows }) => rows);
const done = async (): Promise<number> => {
  const rows = await sql<{ n: number }>(
    `select count(*)::int as n from public.outbox_delivery where consumer = $1 and state = 'done'`,
    [name],
  );
  return rows[0]?.n ?? 0;
};

describe('Redis gone in the middle of 2,000 events, and back with nothing it knew,', () => {
  it('costs none of them, and each has its effect once, within 30 s of its return', async () => {
    await sql(
      `insert into public.outbox_event (id, hospital_id, type, payload)
       select gen_random_uuid(), $1, 'patient.updated', jsonb_build_object('id', gen_random_uuid(), 'version', 1)
         from generate_series(1, $2)`,
      [hospital.id, count],
    );
    await until(async () => (await done()) > 0);
    await cable.pull();
    await redis.flushdb();
    expect(await done()).toBeLessThan(count);
    await cable.plug();
    const returnedAt = Date.now();
    await until(async () => (await done()) === count, 60_000);
    expect(Date.now() - returnedAt).toBeLessThan(30_000);
    expect(
      await sql(`select count(*)::int as effects, count(distinct event_id)::int as events from ${effects}`),
    ).toEqual([{ effects: count, events: count }]);
  }, 90_000);
});
