/* Alone: it ends backends of the small pool that ingest services share. */
import { randomBytes, randomInt } from 'node:crypto';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import pg from 'pg';
import { named, variable } from '../../testing/environment.js';
import { eventually } from '../../testing/eventually.js';
import { Sender } from '../../testing/sender.js';
import { TcpProxy } from '../../testing/tcp-proxy.js';
import { type TestDevice, type TestGateway, TestHospital } from '../../testing/test-hospital.js';
import { TestIngest } from '../../testing/test-ingest.js';

/** By which this test knows its own connections: others run at the same time. */
const application = `durability-${randomBytes(6).toString('hex')}`;
const env = { DATABASE_URL: named(variable('INGEST_DATABASE_URL'), application) };
const hasty = join(import.meta.dirname, '../../testing/answers-before-commit.mjs');

// Killing backends beside other services of one small pool sometimes costs a request; what is lost would fail again.
jest.retryTimes(2, { logErrorsBeforeRetry: true });

let hospital: TestHospital;
let gateway: TestGateway;
let superuser: pg.Client;

beforeAll(async () => {
  hospital = await TestHospital.create();
  gateway = await hospital.addGateway();
  superuser = new pg.Client({ connectionString: variable('DATABASE_SUPERUSER_URL') });
  await superuser.connect();
}, 60_000);

afterAll(async () => {
  await superuser.end();
  await hospital.drop();
});

const addDevice = async (): Promise<TestDevice> => ((await hospital.addDevices(gateway, 1)) as [TestDevice])[0];

async function startSenders(
  count: number,
  ingest: () => TestIngest,
): Promise<{ device: TestDevice; sender: Sender }[]> {
  const devices = await hospital.addDevices(gateway, count);
  return devices.map((device) => ({ device, sender: new Sender(ingest, gateway, device) }));
}

/** Readings that were reported as stored and are not there. */
async function lost({ device, sender }: { device: TestDevice; sender: Sender }): Promise<number[]> {
  const rows = await hospital.rows<{ t: string }>(
    'select (extract(epoch from recorded_at) * 1000)::bigint as t from {schema}.vitals where device_no = $1',
    [device.no],
  );
  const present = new Set(rows.map(({ t }) => Number(t)));
  return sender.acknowledged.filter((t) => !present.has(t));
}

/** Kills the service without warning, again and again, under senders that do not give up. */
async function killRepeatedly(rounds: number, entry?: string): Promise<{ acknowledged: number; lost: number }> {
  const options = entry === undefined ? {} : { entry };
  let ingest = await TestIngest.start(options);
  const senders = await startSenders(4, () => ingest);
  for (let round = 0; round < rounds; round++) {
    const before = senders.reduce((sum, { sender }) => sum + sender.acknowledged.length, 0);
    await eventually(
      () => senders.reduce((sum, { sender }) => sum + sender.acknowledged.length, 0) > before + 50 || undefined,
    );
    await delay(randomInt(20));
    await ingest.kill();
    ingest = await TestIngest.start({ ...options, port: ingest.port });
  }
  await Promise.all(senders.map(({ sender }) => sender.stop()));
  await ingest.kill();
  const missing = await Promise.all(senders.map(lost));
  const acknowledged = senders.reduce((sum, { sender }) => sum + sender.acknowledged.length, 0);
  return { acknowledged, lost: missing.flat().length };
}

describe('what was answered', () => {
  it('is in the table, however often the service is killed', async () => {
    const result = await killRepeatedly(8);
    expect(result.lost).toBe(0);
    expect(result.acknowledged).toBeGreaterThan(400);
    const twice = await hospital.rows(
      'select from {schema}.vitals group by device_no, recorded_at having count(*) > 1 limit 1',
    );
    expect(twice).toEqual([]);
  }, 60_000);

  it('control: is lost when it is answered before the commit', async () => {
    expect((await killRepeatedly(8, hasty)).lost).toBeGreaterThan(0);
  }, 60_000);

  it('is in the table, however often the connections to the database are killed, and the service survives it', async () => {
    const ingest = await TestIngest.start({ env });
    const senders = await startSenders(4, () => ingest);
    for (let round = 0; round < 40; round++) {
      await superuser.query(
        `select pg_terminate_backend(pid) from pg_stat_activity where application_name = '${application}'`,
      );
      await delay(randomInt(60));
    }
    const count = (): number => senders.reduce((sum, { sender }) => sum + sender.acknowledged.length, 0);
    const before = count();
    await eventually(() => count() > before + 100 || undefined);
    await Promise.all(senders.map(({ sender }) => sender.stop()));
    expect(ingest.exitCode).toBeNull();
    expect((await Promise.all(senders.map(lost))).flat()).toEqual([]);
    await ingest.stop();
  }, 60_000);
});

describe('a connection that is lost', () => {
  let proxy: TcpProxy;
  let ingest: TestIngest;

  beforeAll(async () => {
    proxy = await TcpProxy.to(variable('INGEST_DATABASE_URL'));
    ingest = await TestIngest.start({ env: { DATABASE_URL: proxy.through(variable('INGEST_DATABASE_URL')) } });
  });

  afterAll(async () => {
    await ingest.stop();
    await proxy.close();
  });

  it.each([
    ['before the server heard of the flush', 'client', 'from stdin'],
    ['after the server committed it, before it could say so', 'server', 'COMMIT'],
  ] as const)('%s: the batch is stored once and answered', async (_, from, says) => {
    const device = await addDevice();
    const at = Date.now();
    const readings = [0, 1, 2].map((i) => ({ d: device.name, t: at - i, hr: 70 }));
    await ingest.post(gateway.key, { readings: [{ d: device.name, t: at - 1_000, hr: 60 }] });
    const failures = await ingest.metric('ingest_flush_failures_total');
    proxy.cutWhen(from, says);
    const answer = await ingest.post(gateway.key, { readings });
    expect(answer.body).toMatchObject({ accepted: 3, duplicates: 0 });
    expect(await ingest.metric('ingest_flush_failures_total')).toBeGreaterThan(failures);
    expect(await hospital.count('vitals', 'device_no = $1', [device.no])).toBe(4);
  });

  it('and stays away: what waits is given back after 10 s, new work is turned away, and all goes well afterwards', async () => {
    const device = await addDevice();
    const batch = { batch: 'patient', readings: [{ d: device.name, t: Date.now(), hr: 70 }] };
    // Twice: the first finds the device, the second finds the key again, so that nothing has to be looked up.
    for (const age of [2_000, 1_000]) {
      await ingest.post(gateway.key, { readings: [{ d: device.name, t: Date.now() - age, hr: 60 }] });
    }
    proxy.refuse();
    const began = performance.now();
    const pending = ingest.post(gateway.key, batch);
    await eventually(async () => (await ingest.post(gateway.key, '{}')).status === 503 || undefined);
    expect((await pending).body).toMatchObject({ status: 503, code: 'service.unavailable' });
    expect(performance.now() - began).toBeGreaterThan(9_500);
    proxy.restore();
    await eventually(async () => (await ingest.isReady()) || undefined);
    expect((await ingest.post(gateway.key, batch)).body).toMatchObject({ accepted: 1 });
  }, 40_000);
});

/** Sends again whatever was answered with 503, as every gateway has to. */
const answered = (ingest: TestIngest, key: string, body: unknown): ReturnType<TestIngest['post']> =>
  eventually(async () => {
    const response = await ingest.post(key, body);
    return response.status === 503 ? undefined : response;
  });

describe('a row the database refuses', () => {
  it('is named in the answer and kept as a dead letter, and everything around it is stored', async () => {
    const sibling = await TestHospital.create();
    const ingest = await TestIngest.start({ env });
    const device = await addDevice();
    const siblingGateway = await sibling.addGateway();
    const [siblingDevice] = (await sibling.addDevices(siblingGateway, 1)) as [TestDevice];
    await hospital.rows(
      'alter table {schema}.vitals drop constraint if exists poison, add constraint poison check (heart_rate <> 66)',
    );
    const start = Date.now() - 1_000_000;
    for (let wave = 0; wave < 20; wave++) {
      const posts = Array.from({ length: 10 }, (_, i) => {
        const t = start + (wave * 10 + i) * 10;
        const readings = [60, 66, 61, 62].map((hr, r) => ({ d: device.name, t: t + r, hr }));
        return answered(ingest, gateway.key, { readings });
      });
      const near = answered(ingest, siblingGateway.key, {
        readings: [{ d: siblingDevice.name, t: start + wave, hr: 66 }],
      });
      for (const { status, body } of await Promise.all(posts)) {
        expect(status).toBe(200);
        expect(body).toMatchObject({ accepted: 3, rejected: [{ i: 1, code: 'not_storable' }], rejectedTotal: 1 });
      }
      expect((await near).body).toMatchObject({ accepted: 1 });
    }
    expect(await hospital.count('vitals', 'device_no = $1', [device.no])).toBe(600);
    const letters = await hospital.rows(
      `select distinct gateway_id, reason, reading, state from {schema}.telemetry_dead_letter where device = $1`,
      [device.name],
    );
    expect(letters).toEqual([
      { gateway_id: gateway.id, reason: '23514', reading: { flags: 0, heart_rate: 66 }, state: 'open' },
    ]);
    expect(await hospital.count('telemetry_dead_letter', 'device = $1', [device.name])).toBe(200);
    const stuck = await superuser.query(
      `select from pg_stat_activity where application_name = '${application}' and state like 'idle in transaction%'`,
    );
    expect(stuck.rowCount).toBe(0);
    await hospital.rows('alter table {schema}.vitals drop constraint poison');
    await ingest.stop();
    await sibling.drop();
  }, 120_000);

  it('is kept once when it is all its batch has, however often that is sent', async () => {
    const ingest = await TestIngest.start({ env });
    const device = await addDevice();
    await hospital.rows(
      'alter table {schema}.vitals drop constraint if exists poison, add constraint poison check (heart_rate <> 66)',
    );
    const readings = [{ d: device.name, t: Date.now(), hr: 66, o2: true, acvpu: 'V', temp: 36.85 }];
    for (const batch of ['first', 'first', 'second']) {
      const { status, body } = await answered(ingest, gateway.key, { batch, readings });
      expect([status, body['code']]).toEqual([422, 'telemetry.not-storable']);
    }
    const letters = await hospital.rows(`select reading from {schema}.telemetry_dead_letter where device = $1`, [
      device.name,
    ]);
    const reading = { flags: 0, heart_rate: 66, on_oxygen: true, acvpu: 'V', temperature: 36.85 };
    expect(letters).toEqual([{ reading }]);
    await hospital.rows('alter table {schema}.vitals drop constraint poison');
    await ingest.stop();
  });

  it('does not keep other hospitals waiting when a whole hospital cannot be written', async () => {
    const broken = await TestHospital.create();
    const brokenGateway = await broken.addGateway();
    const [brokenDevice] = (await broken.addDevices(brokenGateway, 1)) as [TestDevice];
    await broken.rows('revoke insert on {schema}.vitals from hms_ingest');
    const ingest = await TestIngest.start();
    const device = await addDevice();
    const t = Date.now();
    const [refused, stored] = await Promise.all([
      answered(ingest, brokenGateway.key, { readings: [{ d: brokenDevice.name, t, hr: 70 }] }),
      answered(ingest, gateway.key, { readings: [{ d: device.name, t, hr: 70 }] }),
    ]);
    expect(refused.body).toMatchObject({ status: 500, code: 'internal.error' });
    expect(stored.body).toMatchObject({ accepted: 1 });
    await ingest.stop();
    await broken.drop();
  });
});

describe('a hospital whose tables somebody locks', () => {
  it('waits by itself: the others are answered as ever, and it is when the lock is gone', async () => {
    const locked = await TestHospital.create();
    const lockedGateway = await locked.addGateway();
    const [lockedDevice] = (await locked.addDevices(lockedGateway, 1)) as [TestDevice];
    const ingest = await TestIngest.start();
    const device = await addDevice();
    const send = (key: string, name: string) => ingest.post(key, { readings: [{ d: name, t: Date.now(), hr: 70 }] });
    await locked.owner.query('begin');
    await locked.owner.query(`lock table ${locked.schema}.vitals in access exclusive mode`);
    const began = performance.now();
    const waiting: ReturnType<typeof send>[] = [];
    const others: { status: number; began: number; ms: number }[] = [];
    while (performance.now() - began < 6_000) {
      waiting.push(send(lockedGateway.key, lockedDevice.name));
      const sent = performance.now();
      const { status } = await send(gateway.key, device.name);
      others.push({ status, began: sent - began, ms: performance.now() - sent });
    }
    await locked.owner.query('rollback');
    expect(others.filter(({ status }) => status !== 200)).toEqual([]);
    // It takes a second to find out, and another to find out whose table it is.
    expect(others.filter((other) => other.began > 4_000 && other.ms > 1_000)).toEqual([]);
    expect(others.length).toBeGreaterThan(20);
    const answers = await Promise.all(waiting);
    // While it waits for longer than a second, more is turned away.
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200, 503]));
    await ingest.stop();
    await locked.drop();
  }, 60_000);
});

describe('ending', () => {
  it('answers what was begun, takes nothing new, and leaves with 0', async () => {
    const ingest = await TestIngest.start();
    const device = await addDevice();
    await hospital.owner.query('begin');
    await hospital.owner.query(`lock table ${hospital.schema}.vitals in access exclusive mode`);
    const pending = ingest.post(gateway.key, { readings: [{ d: device.name, t: Date.now(), hr: 70 }] });
    await eventually(async () => (await ingest.metric('ingest_queue_bytes')) > 0 || undefined);
    const ended = ingest.stop();
    await eventually(async () => !(await ingest.isReady()) || undefined);
    await hospital.owner.query('rollback');
    const answer = await pending;
    expect(answer.body).toMatchObject({ accepted: 1 });
    expect(answer.headers.get('connection')).toBe('close');
    expect(await ended).toBe(0);
    expect(await hospital.count('vitals', 'device_no = $1', [device.no])).toBe(1);
    expect(await hospital.count('vitals_latest', 'patient_id = $1', [device.patientId])).toBe(1);
  });
});

describe('without Redis', () => {
  it('everything is stored and answered as ever', async () => {
    const ingest = await TestIngest.start({ env: { REDIS_URL: 'redis://127.0.0.1:1' } });
    const device = await addDevice();
    const answer = await ingest.post(gateway.key, { readings: [{ d: device.name, t: Date.now(), hr: 70 }] });
    expect(answer.body).toMatchObject({ accepted: 1 });
    expect(await ingest.stop()).toBe(0);
  });
});
