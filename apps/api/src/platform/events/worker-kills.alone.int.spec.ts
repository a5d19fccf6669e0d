/* Alone: its consumers are given the events of every hospital. */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Hospital } from '@hms/database';
import { uuidv7 } from 'uuidv7';
import { asOwner, createTestHospital, dropTestHospital } from '../../testing/test-hospital.js';
import { connectTestRedis } from '../../testing/test-redis.js';
import { until } from '../../testing/until.js';

/** A database of Redis of its own, so that no other worker takes these jobs. */
const redisDatabase = 13;
const redis = connectTestRedis(redisDatabase);
const child = join(import.meta.dirname, '../../testing/worker-child.mjs');
const id = uuidv7();
const effects = `public.test_effect_${id.replaceAll('-', '')}`;
/** Its effect and the end of its delivery are one transaction; of the other they are two. */
const [exact, careless] = [`kills-exact-${id}`, `kills-careless-${id}`];
const events = 400;
const kills = 4;

let hospital: Hospital;
let worker: ChildProcess | undefined;

beforeAll(async () => {
  hospital = await createTestHospital();
  await sql(`create table ${effects} (consumer text, event_id uuid)`);
  await sql(`grant insert on ${effects} to hms_api`);
});

afterAll(async () => {
  await kill();
  for (const table of ['outbox_consumer where name', 'outbox_delivery where consumer']) {
    await sql(`delete from public.${table} = any ($1)`, [[exact, careless]]);
  }
  await redis.flushdb();
  redis.disconnect();
  await sql(`drop table ${effects}`);
  await dropTestHospital(hospital);
});

const sql = <Row extends object>(text: string, values: unknown[] = []) =>
  asOwner((owner) => owner.query<Row>(text, values)).then(({ rows }) => rows);

function start(): void {
  const url = new URL(process.env['REDIS_URL'] ?? '');
  url.pathname = `/${String(redisDatabase)}`;
  const env = { ...process.env, NODE_ENV: 'test', LOG_LEVEL: 'silent', PORT: '1', REDIS_URL: url.href };
  worker = spawn(process.execPath, [child, effects, exact, careless], { env, stdio: 'inherit' });
}

async function kill(): Promise<void> {
  if (worker?.exitCode !== null || worker.signalCode !== null) return;
  worker.kill('SIGKILL');
  await once(worker, 'exit');
}

/** How often each event had its effect. */
async function timesDone(consumer: string): Promise<number[]> {
  const rows = await sql<{ times: number }>(
    `select count(*)::int as times from ${effects} where consumer = $1 group by event_id`,
    [consumer],
  );
  return rows.map(({ times }) => times);
}
const deliveriesIn = async (consumer: string, where: string): Promise<number> => {
  const [row] = await sql<{ n: number }>(
    `select count(*)::int as n from public.outbox_delivery where consumer = $1 and ${where}`,
    [consumer],
  );
  return row?.n ?? 0;
};

describe(`${kills} kills of a worker in the middle of its deliveries`, () => {
  beforeAll(async () => {
    start();
    // An event goes to the consumers that are known when it is fanned out.
    const known = (): Promise<object[]> =>
      sql('select from public.outbox_consumer where name = any ($1)', [[exact, careless]]);
    await until(async () => (await known()).length === 2, 30_000);
    await sql(
      `insert into public.outbox_event (id, hospital_id, type, payload)
       select gen_random_uuid(), $1, 'patient.updated', jsonb_build_object('id', gen_random_uuid(), 'version', 1)
         from generate_series(1, $2)`,
      [hospital.id, events],
    );
    for (let killed = 1; killed <= kills; killed += 1) {
      const enough = (events * killed) / (kills + 2);
      await until(async () => (await timesDone(exact)).length > enough, 30_000);
      await kill();
      start();
    }
    await until(async () => (await deliveriesIn(exact, `state = 'done'`)) === events, 60_000);
    await until(async () => (await deliveriesIn(careless, `state = 'done'`)) === events, 60_000);
  }, 150_000);

  it('leave one effect of each event, though some were tried again', async () => {
    expect(await deliveriesIn(exact, 'attempts > 1')).toBeGreaterThan(0);
    expect(await timesDone(exact)).toEqual(Array(events).fill(1));
  });

  it('double some where the effect and the end of the delivery are not one transaction (control)', async () => {
    const times = await timesDone(careless);
    expect(times).toHaveLength(events);
    expect(Math.max(...times)).toBeGreaterThan(1);
  });
});
