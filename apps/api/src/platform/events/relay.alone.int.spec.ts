/* Alone: its consumers are given the events of every hospital. */
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import type { INestApplicationContext } from '@nestjs/common';
import type { DomainEvent } from '@hms/contracts';
import { HospitalDatabase, type Hospital, type PublicTx } from '@hms/database';
import { uuidv7 } from 'uuidv7';
import { asOwner, createTestHospital, dropTestHospital } from '../../testing/test-hospital.js';
import { connectTestRedis } from '../../testing/test-redis.js';
import { startTestWorker } from '../../testing/test-worker.js';
import { until } from '../../testing/until.js';
import { Queues } from '../jobs/queues.service.js';
import { DeliveryRepository } from './delivery.repository.js';
import { Deliveries } from './delivery.service.js';
import { queueOf, type EventConsumer, type ExternalConsumer, type PlatformConsumer } from './event-consumer.js';
import { OutboxRepository } from './outbox.repository.js';
import { Outbox } from './outbox.service.js';
import { OutboxCleanupJob } from './outbox-cleanup.job.js';
import { RelayRepository, type Leased } from './relay.repository.js';

/** A database of Redis of its own, so that it can be flushed. */
const redisDatabase = 11;
const redis = connectTestRedis(redisDatabase);
const outbox = new Outbox(new OutboxRepository(), redis);
const effects = `public.test_effect_${uuidv7().replaceAll('-', '')}`;
const workers: INestApplicationContext[] = [];
let database: HospitalDatabase;
let hospital: Hospital;

beforeAll(async () => {
  database = new HospitalDatabase({ url: process.env['DATABASE_URL'] ?? '', poolSize: 4, onError: () => undefined });
  hospital = await createTestHospital();
  await sql(`create table ${effects} (consumer text, event_id uuid)`);
  await sql(`grant insert on ${effects} to hms_api, hms_hospital`);
});

afterEach(async () => {
  await Promise.all(workers.splice(0).map((worker) => worker.close()));
  await sql(`delete from public.outbox_consumer where name like 'test-%'`);
  await sql(`delete from public.outbox_delivery where consumer like 'test-%'`);
});

afterAll(async () => {
  await redis.flushdb();
  redis.disconnect();
  await database.close();
  await sql(`drop table ${effects}`);
  await dropTestHospital(hospital);
});

const sql = <Row extends object>(text: string, values: unknown[] = []) =>
  asOwner((owner) => owner.query<Row>(text, values)).then(({ rows }) => rows);
const fresh = (): string => `test-${uuidv7()}`;

async function start(...consumers: EventConsumer[]): Promise<INestApplicationContext> {
  const url = new URL(process.env['REDIS_URL'] ?? '');
  url.pathname = `/${String(redisDatabase)}`;
  const worker = await startTestWorker(consumers, { ...process.env, REDIS_URL: url.href });
  workers.push(worker);
  return worker;
}

async function emit(count: number): Promise<void> {
  await sql(
    `insert into public.outbox_event (id, hospital_id, type, payload)
     select gen_random_uuid(), $1, 'patient.updated', jsonb_build_object('id', gen_random_uuid(), 'version', 1)
       from generate_series(1, $2)`,
    [hospital.id, count],
  );
  outbox.wakeRelay();
}

/** An event of a type that no release knows. */
async function teleport(): Promise<string> {
  const id = uuidv7();
  await sql(
    `insert into public.outbox_event (id, hospital_id, type, payload) values ($1, $2, 'patient.teleported', '{}')`,
    [id, hospital.id],
  );
  outbox.wakeRelay();
  return id;
}

const writer = (name: string, change: Partial<PlatformConsumer> = {}): PlatformConsumer => ({
  name,
  types: ['patient.updated'],
  effect: 'platform',
  backoffMs: 10,
  handle: async ({ id }: DomainEvent, tx: PublicTx) => {
    await tx.$executeRawUnsafe(`insert into ${effects} values ($1, $2::uuid)`, name, id);
  },
  ...change,
});
const caller = (name: string, handle: ExternalConsumer['handle'], change: Partial<ExternalConsumer> = {}) =>
  ({ name, types: ['patient.updated'], effect: 'external', backoffMs: 10, handle, ...change }) as const;

const deliveriesOf = (consumer: string) =>
  sql<{ id: string; state: string; attempts: number; last_error: string | null }>(
    'select id, state, attempts, last_error from public.outbox_delivery where consumer = $1',
    [consumer],
  );
const all = (consumer: string, state: string, count: number) =>
  until(async () => {
    const rows = await deliveriesOf(consumer);
    return rows.length === count && rows.every((row) => row.state === state);
  }, 30_000);
/** How often each event had its effect. */
const timesDone = async (consumer: string): Promise<number[]> => {
  const rows = await sql<{ times: number }>(
    `select count(*)::int as times from ${effects} where consumer = $1 group by event_id`,
    [consumer],
  );
  return rows.map(({ times }) => times);
};

describe('the effect of an event', () => {
  it('happens once, with two relays and every delivery handed over twice', async () => {
    const consumer = writer(fresh());
    const [first, second] = [await start(consumer), await start(consumer)];
    await emit(200);
    await until(async () => (await deliveriesOf(consumer.name)).length === 200);
    const ids = (await deliveriesOf(consumer.name)).map(({ id }) => id);
    const again = [first, second].flatMap((worker) =>
      ids.map((id) => worker.get(Deliveries, { strict: false }).deliver(consumer, id)),
    );
    await Promise.all(again);
    await all(consumer.name, 'done', 200);
    expect(await timesDone(consumer.name)).toEqual(Array(200).fill(1));
    // The control: had the delivery not said that it is done, the same hand-over would do it again.
    await sql(`update public.outbox_delivery set state = 'leased', finished_at = null where id = $1`, [ids[0]]);
    await first.get(Deliveries, { strict: false }).deliver(consumer, ids[0] ?? '');
    expect((await timesDone(consumer.name)).filter((times) => times === 2)).toHaveLength(1);
  });

  it('happens in the hospital of the event, under its role', async () => {
    const roles: unknown[] = [];
    const name = fresh();
    await start({
      name,
      types: ['patient.updated'],
      effect: 'hospital',
      handle: async (_, tx) => void roles.push(await tx.$queryRaw`select current_user::text as role`),
    });
    await emit(1);
    await all(name, 'done', 1);
    expect(roles).toEqual([[{ role: `hospital_${hospital.slug}` }]]);
  });

  it('is lost with the transaction of a handler that fails, and then tried again', async () => {
    const name = fresh();
    let tries = 0;
    const once = writer(name);
    const failsOnce = writer(name, {
      handle: async (event, tx) => {
        await once.handle(event, tx);
        if (++tries === 1) throw new Error('not yet');
      },
    });
    await start(failsOnce);
    await emit(1);
    await all(name, 'done', 1);
    expect(await timesDone(name)).toEqual([1]);
    expect(tries).toBe(2);
  });
});

describe('nothing is lost', () => {
  it('when a relay dies between taking deliveries and handing them over', async () => {
    const consumer = writer(fresh());
    const relay = new RelayRepository(database);
    const subscription = { name: consumer.name, types: consumer.types, maxAttempts: 8 };
    await relay.subscribe([subscription]);
    await emit(3);
    await until(async () => {
      await relay.round([subscription]);
      const rows = await deliveriesOf(consumer.name);
      return rows.length === 3 && rows.every(({ state }) => state === 'leased');
    });
    await start(consumer);
    await all(consumer.name, 'done', 3);
    expect(await timesDone(consumer.name)).toEqual([1, 1, 1]);
  }, 45_000);
});

describe('a hand-over that failed half-way', () => {
  it('takes nothing back that is being tried', async () => {
    const name = fresh();
    const [relay, deliveries] = [new RelayRepository(database), new DeliveryRepository(database)];
    const subscription = { name, types: ['patient.updated'], maxAttempts: 8 };
    await relay.subscribe([subscription]);
    await emit(2);
    const leased: Leased[] = [];
    await until(async () => {
      leased.push(...(await relay.round([subscription])).leased);
      return leased.length === 2;
    });
    await deliveries.claim(leased[0]?.id ?? '', 10_000);
    await relay.release(leased);
    const states = new Map((await deliveriesOf(name)).map(({ id, state }) => [id, state]));
    expect(leased.map(({ id }) => states.get(id))).toEqual(['leased', 'pending']);
  });
});

describe('a consumer that', () => {
  it('fails is tried as often as it may be, and then is dead until it is replayed', async () => {
    const name = fresh();
    let broken = true;
    const refused = Object.assign(new Error('Muster, Eva: refused'), { code: 'ECONNREFUSED' });
    const handle = (): Promise<void> => (broken ? Promise.reject(refused) : Promise.resolve());
    await start(caller(name, handle, { attempts: 3 }));
    await emit(1);
    await all(name, 'dead', 1);
    expect(await deliveriesOf(name)).toMatchObject([{ attempts: 3, last_error: 'ECONNREFUSED' }]);
    broken = false;
    const replay = `update public.outbox_delivery set state = 'pending', attempts = 0, due_at = now(), finished_at = null
                     where consumer = $1 and state = 'dead'`;
    await sql(replay, [name]);
    await all(name, 'done', 1);
  });

  it('kills its process with every try is dead too', async () => {
    const name = fresh();
    const relay = new RelayRepository(database);
    const subscription = { name, types: ['patient.updated'], maxAttempts: 2 };
    await relay.subscribe([subscription]);
    await emit(1);
    await until(async () => {
      await relay.round([subscription]);
      return (await deliveriesOf(name)).length === 1;
    });
    await sql(`update public.outbox_delivery set attempts = 2, due_at = now() where consumer = $1`, [name]);
    await relay.round([subscription]);
    expect(await deliveriesOf(name)).toMatchObject([{ state: 'dead', last_error: 'event.abandoned' }]);
  });

  it('hangs or throws delays nobody else', async () => {
    const [hanging, throwing, healthy] = [fresh(), fresh(), fresh()];
    const done: number[] = [];
    await start(
      caller(hanging, () => new Promise(() => undefined), { deadlineMs: 5_000 }),
      caller(throwing, () => Promise.reject(new Error('poison')), { backoffMs: 1_000 }),
      caller(healthy, () => Promise.resolve(void done.push(Date.now()))),
    );
    const emittedAt = Date.now();
    await emit(20);
    await until(() => done.length === 20);
    expect(Date.now() - emittedAt).toBeLessThan(4_000);
    await until(async () => (await deliveriesOf(hanging)).some((row) => row.last_error === 'event.deadline-exceeded'));
  });

  it('is given an event of a type that nobody knows finds it dead after all tries, with the reason', async () => {
    const name = fresh();
    await start({
      ...caller(name, () => Promise.resolve(), { attempts: 2 }),
      types: ['patient.teleported'],
    } as unknown as EventConsumer);
    await teleport();
    await all(name, 'dead', 1);
    expect(await deliveriesOf(name)).toMatchObject([{ attempts: 2, last_error: 'event.unreadable' }]);
  });
});

describe('while workers of two releases run', () => {
  const failedOnce = (consumer: string) =>
    until(async () => (await deliveriesOf(consumer)).some((row) => row.last_error === 'event.unreadable'));

  it('the older takes no types from the consumers of the newer', async () => {
    const [name, relay] = [fresh(), new RelayRepository(database)];
    const types = ['patient.deleted', 'patient.updated'];
    await relay.subscribe([{ name, types, maxAttempts: 8 }]);
    await relay.subscribe([{ name, types: ['patient.updated'], maxAttempts: 8 }]);
    expect(await sql('select types from public.outbox_consumer where name = $1', [name])).toEqual([{ types }]);
  });

  it('an event only the newer listens to is left to it', async () => {
    const name = fresh();
    const handled: string[] = [];
    const handle = ({ type }: DomainEvent): Promise<void> => Promise.resolve(void handled.push(type));
    const older = await start(caller(name, handle, { backoffMs: 1_000 }));
    const newer = caller(name, handle, { types: ['patient.updated', 'patient.registered'] });
    await new RelayRepository(database).subscribe([{ ...newer, maxAttempts: 8 }]);
    await sql(
      `insert into public.outbox_event (id, hospital_id, type, payload)
       values (gen_random_uuid(), $1, 'patient.registered', jsonb_build_object('id', gen_random_uuid(), 'version', 1))`,
      [hospital.id],
    );
    await failedOnce(name);
    await older.close();
    workers.splice(workers.indexOf(older), 1);
    await start(newer);
    await all(name, 'done', 1);
    expect(handled).toEqual(['patient.registered']);
  });

  it('a live message only the newer can read is left to it', async () => {
    await start();
    const live = `update public.outbox_consumer set types = array_append(types, 'patient.teleported') where name = 'live'`;
    await sql(live);
    const id = await teleport();
    const left = (): Promise<object[]> =>
      sql(
        `select last_error from public.outbox_delivery where event_id = $1 and state <> 'done' and last_error is not null`,
        [id],
      );
    await until(async () => (await left()).length === 1);
    expect(await left()).toEqual([{ last_error: 'event.unreadable' }]);
    await sql(live.replace('array_append', 'array_remove'));
    await sql('delete from public.outbox_event where id = $1', [id]);
  });
});

describe('the relay', () => {
  it('keeps one job a delivery, however often it hands it over', async () => {
    const name = fresh();
    const worker = await start();
    const queue = queueOf(name);
    for (let n = 0; n < 3; n++) {
      await worker
        .get(Queues, { strict: false })
        .produce(queue, (q) => q.add(name, {}, { jobId: '0198f2a0-0000-7000-8000-000000000001' }));
    }
    expect(await redis.llen(`{hms}:${queue}:wait`)).toBe(1);
  });

  it('removes what everybody handled a week ago, and keeps what is dead', async () => {
    const [done, dead] = [uuidv7(), uuidv7()];
    const worker = await start();
    for (const [id, state] of [
      [done, 'done'],
      [dead, 'dead'],
    ] as const) {
      await sql(
        `insert into public.outbox_event (id, hospital_id, type, payload, fanned_out_at)
         values ($1, $2, 'patient.updated', '{}', now() - interval '8 days')`,
        [id, hospital.id],
      );
      await sql(
        `insert into public.outbox_delivery (event_id, consumer, state, occurred_at, finished_at)
         values ($1, 'test-old', $2, now(), now())`,
        [id, state],
      );
    }
    await worker.get(OutboxCleanupJob, { strict: false }).run();
    expect(await sql('select id from public.outbox_event where id = any ($1)', [[done, dead]])).toEqual([{ id: dead }]);
  });
});
