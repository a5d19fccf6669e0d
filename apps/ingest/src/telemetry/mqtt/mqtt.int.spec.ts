import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { MqttClient } from 'mqtt';
import { variable } from '../../testing/environment.js';
import { eventually } from '../../testing/eventually.js';
import { TcpProxy } from '../../testing/tcp-proxy.js';
import { TestBroker } from '../../testing/test-broker.js';
import { TestHospital, type TestDevice, type TestGateway } from '../../testing/test-hospital.js';
import { TestIngest } from '../../testing/test-ingest.js';

const hasty = join(import.meta.dirname, '../../testing/answers-before-commit.mjs');
const settled = 'ingest_mqtt_messages_total';
const isStored = 'outcome="stored"';

let folder: string;
let broker: TestBroker;
let hospital: TestHospital;
let gateway: TestGateway;
let device: TestDevice;
let env: Record<string, string>;

beforeAll(async () => {
  [broker, hospital] = [await TestBroker.start(), await TestHospital.create()];
  gateway = await hospital.addGateway();
  folder = mkdtempSync(join(tmpdir(), 'hms-mqtt-'));
  const keysFile = join(folder, 'keys.json');
  writeFileSync(keysFile, JSON.stringify({ [hospital.hospital.slug]: gateway.key }));
  env = { MQTT_URL: broker.url, MQTT_KEYS_FILE: keysFile };
}, 60_000);
afterAll(async () => {
  await broker.stop();
  await hospital.drop();
  rmSync(folder, { recursive: true, force: true });
});
/** A device of its own for each test. */
beforeEach(async () => {
  [device] = (await hospital.addDevices(gateway, 1)) as [TestDevice];
});

const topicOf = ({ name } = device, slug: string = hospital.hospital.slug): string => `v1/${slug}/${name}/vitals`;
const reading = (hr: number, t = Date.now() - 5_000): string => JSON.stringify({ t, hr });
const stored = (): Promise<Record<string, unknown>[]> =>
  hospital.rows('select heart_rate, spo2 from {schema}.vitals where device_no = $1 order by recorded_at', [device.no]);
const storedNow = (count: number): Promise<Record<string, unknown>[]> =>
  eventually(async () => {
    const rows = await stored();
    return rows.length >= count ? rows : undefined;
  });

const thingsboard = 'v1/devices/me/telemetry';

/** The service, once it takes in what is published to the broker, or what it kept. */
async function receiving(withEnv = env, entry?: string): Promise<TestIngest> {
  const ingest = await TestIngest.start({ env: withEnv, ...(entry === undefined ? {} : { entry }) });
  for (const topic of [thingsboard, `v1/${hospital.hospital.slug}/#`])
    await eventually(() => ingest.log.includes(`"subscription":"$share/ingest/${topic}"`) || undefined);
  return ingest;
}

describe('a message to the broker', () => {
  let ingest: TestIngest;
  beforeAll(async () => {
    ingest = await receiving();
  }, 60_000);
  afterAll(() => ingest.stop());

  it('is stored, of Mosquitto’s own client, by the gateway key it carries', async () => {
    const key = ['-D', 'publish', 'user-property', 'key', gateway.key];
    expect(await broker.publish(topicOf(), reading(72), ...key)).toBe(0);
    expect(await storedNow(1)).toEqual([{ heart_rate: 72, spo2: null }]);
  });

  it.each([
    ['a batch', (t: number) => JSON.stringify({ cols: ['t', 'hr', 'spo2'], rows: [[t, 71, 97]] })],
    ['a reading', (t: number) => JSON.stringify({ t, hr: 71, spo2: 97 })],
    [
      'SenML',
      (t: number) =>
        JSON.stringify([
          { bt: t / 1_000, n: 'hr', u: 'beat/min', v: 71 },
          { n: 'spo2', u: '%', v: 97 },
        ]),
    ],
  ])('of MQTT 3.1.1 is stored by the key for what the broker lets through: %s', async (_, body) => {
    const client = await broker.connect({ protocolVersion: 4 });
    await client.publishAsync(topicOf(), body(Date.now() - 5_000), { qos: 1 });
    expect(await storedNow(1)).toEqual([{ heart_rate: 71, spo2: 97 }]);
    await client.endAsync();
  });

  it('of a device of ThingsBoard is stored, with its own time or that of its arrival', async () => {
    const client = await broker.connect();
    const userProperties = { key: gateway.key, device: device.name };
    const send = (body: unknown): Promise<unknown> =>
      client.publishAsync('v1/devices/me/telemetry', JSON.stringify(body), { qos: 1, properties: { userProperties } });
    await send([{ ts: Date.now() - 9_000, values: { hr: 70 } }]);
    await storedNow(1);
    await send({ hr: 71 });
    await storedNow(2);
    await send({ hr: 71 });
    expect(await storedNow(3)).toEqual([70, 71, 71].map((rate) => ({ heart_rate: rate, spo2: null })));
    await client.endAsync();
  });

  it('of a hospital that was opened a moment ago is stored', async () => {
    const young = await TestHospital.create();
    const its = await young.addGateway();
    const [monitor] = await young.addDevices(its, 1);
    await eventually(() => ingest.log.includes(`v1/${young.hospital.slug}/#`) || undefined);
    const client = await broker.connect();
    const properties = { userProperties: { key: its.key } };
    const topic = `v1/${young.hospital.slug}/${monitor?.name ?? ''}/vitals`;
    await client.publishAsync(topic, reading(74), { qos: 1, properties });
    await eventually(async () => (await young.count('vitals')) || undefined);
    await client.endAsync();
    await young.drop();
  });

  it('that can never be stored is let go, and holds nothing up', async () => {
    const before = await ingest.metric(settled);
    const client = await broker.connect();
    const other = await hospital.addDevices(await hospital.addGateway(), 1);
    const poison = [
      [`v1/${hospital.hospital.slug}/what/is/this`, '{}'],
      [thingsboard, reading(70)],
      [topicOf(other[0]), reading(70)],
      [topicOf(), '{"t":1'],
      [topicOf(), Buffer.from([0xff, 0xfe])],
      [topicOf(), JSON.stringify({ d: 'mon-other', t: Date.now(), hr: 70 })],
    ] as const;
    for (const [topic, message] of poison) await client.publishAsync(topic, message, { qos: 1 });
    await client.publishAsync(topicOf(), reading(73), { qos: 1 });
    expect(await storedNow(1)).toEqual([{ heart_rate: 73, spo2: null }]);
    await eventually(async () => (await ingest.metric(settled)) - before === poison.length + 1 || undefined);
    await client.endAsync();
  });
});

describe('a message that is refused', () => {
  let ingest: TestIngest;
  beforeAll(async () => {
    ingest = await receiving();
  }, 60_000);
  afterAll(() => ingest.stop());

  const letters = (): Promise<Record<string, unknown>[]> =>
    hospital.rows(
      `select reason, message, (reading ->> 'heart_rate')::int as rate from {schema}.telemetry_dead_letter
        where device = $1 order by received_at`,
      [device.name],
    );
  const settledOnce = async (message: string, key = gateway.key): Promise<void> => {
    const before = await ingest.metric(settled);
    const client = await broker.connect();
    const properties = { userProperties: { key } };
    await client.publishAsync(topicOf(), message, { qos: 1, properties });
    await eventually(async () => (await ingest.metric(settled)) > before || undefined);
    await client.endAsync();
  };

  it.each([
    ['is no JSON', '{"t":1', 'request.malformed'],
    ['is no JSON and as long as it may be', `{"t":"${'x'.repeat(250_000)}`, 'request.malformed'],
    ['has a value that cannot be', reading(999), 'out_of_range'],
    ['is of another device', JSON.stringify({ d: 'mon-other', t: Date.now(), hr: 70 }), 'foreign_device'],
  ])('is kept as it came for its hospital when it %s', async (_, message, reason) => {
    await settledOnce(message);
    expect(await letters()).toEqual([{ reason, message, rate: null }]);
    expect(await stored()).toEqual([]);
  });

  it('is kept as a reading when it could be stored once its device is', async () => {
    await hospital.rows(`update {schema}.device set status = 'disabled' where device_no = $1`, [device.no]);
    await settledOnce(reading(71));
    expect(await letters()).toEqual([{ reason: 'disabled_device', message: null, rate: 71 }]);
  });

  it('is counted, and kept for nobody, when nobody knows who sent it', async () => {
    const before = await ingest.metric(settled, 'outcome="unknown"');
    await settledOnce(reading(71), `dk_aaaaaaaaaaaa_${'b'.repeat(43)}`);
    expect(await ingest.metric(settled, 'outcome="unknown"')).toBe(before + 1);
    expect(ingest.log).toContain('auth.unauthenticated');
    expect(await letters()).toEqual([]);
  });

  it('stays with the broker when it is the key of MQTT_KEYS_FILE that is refused, until that is mended', async () => {
    await ingest.stop();
    const revoked = join(folder, 'revoked.json');
    writeFileSync(revoked, JSON.stringify({ [hospital.hospital.slug]: `dk_aaaaaaaaaaaa_${'b'.repeat(43)}` }));
    const misled = await receiving({ ...env, MQTT_KEYS_FILE: revoked });
    expect(await broker.publish(topicOf(), reading(72))).toBe(0);
    await eventually(async () => (await misled.metric('ingest_mqtt_retries_total')) > 1 || undefined);
    expect([await misled.metric(settled, isStored), misled.log.includes('auth.unauthenticated')]).toEqual([0, true]);
    await misled.stop();
    ingest = await receiving();
    expect(await storedNow(1)).toEqual([{ heart_rate: 72, spo2: null }]);
  }, 30_000);
});

describe('a message that states no time', () => {
  const untimed = async (client: MqttClient): Promise<unknown> =>
    client.publishAsync(thingsboard, '{"hr":72}', {
      qos: 1,
      properties: { userProperties: { key: gateway.key, device: device.name } },
    });

  /** Loses the acknowledgement of a message that was stored, and waits for what becomes of it when it is sent again. */
  async function storedAfterLostAck(
    meanwhile: (ingest: TestIngest, proxy: TcpProxy) => Promise<TestIngest>,
  ): Promise<number> {
    const proxy = await TcpProxy.to(broker.url);
    const through = { ...env, MQTT_URL: proxy.through(broker.url) };
    const begun = await receiving(through);
    // A PUBACK.
    proxy.cutWhen('client', '@\x02\0');
    const client = await broker.connect();
    await untimed(client);
    await storedNow(1);
    const ingest = await meanwhile(begun, proxy);
    // The first, if this is the service that stored it; the same again; and this.
    await client.publishAsync(topicOf(), reading(73), { qos: 1 });
    await eventually(async () => (await ingest.metric(settled, isStored)) >= (ingest === begun ? 3 : 2) || undefined);
    await ingest.stop();
    await client.endAsync();
    await proxy.close();
    return (await stored()).filter(({ heart_rate: rate }) => rate === 72).length;
  }

  it('is stored once when it comes again', async () => {
    expect(await storedAfterLostAck((ingest) => Promise.resolve(ingest))).toBe(1);
  }, 60_000);

  it('is stored once when it comes again to a service that was killed', async () => {
    const restarted = async (ingest: TestIngest, proxy: TcpProxy): Promise<TestIngest> => {
      proxy.refuse();
      await ingest.kill();
      proxy.restore();
      return receiving({ ...env, MQTT_URL: proxy.through(broker.url) });
    };
    expect(await storedAfterLostAck(restarted)).toBe(1);
  }, 60_000);

  it('is stored as often as it is sent', async () => {
    const ingest = await receiving();
    const client = await broker.connect();
    for (let i = 1; i <= 3; i++) {
      await untimed(client);
      await storedNow(i);
    }
    await client.endAsync();
    await ingest.stop();
  }, 30_000);
});

describe('a message that could not be stored yet', () => {
  it('stays with the broker while the database is away, and is stored afterwards', async () => {
    const proxy = await TcpProxy.to(variable('INGEST_DATABASE_URL'));
    const through = { ...env, DATABASE_URL: proxy.through(variable('INGEST_DATABASE_URL')) };
    const ingest = await receiving(through);
    proxy.refuse();
    expect(await broker.publish(topicOf(), reading(72))).toBe(0);
    await eventually(async () => (await ingest.metric('ingest_mqtt_retries_total')) > 1 || undefined);
    expect(await ingest.metric(settled, isStored)).toBe(0);
    proxy.restore();
    expect(await storedNow(1)).toEqual([{ heart_rate: 72, spo2: null }]);
    await ingest.stop();
    await proxy.close();
  }, 60_000);

  const nobodyWaits = async (): Promise<boolean> => {
    const [waiting] = await hospital.rows(
      `select count(*)::int as backends from pg_locks where not granted and relation = '{schema}.vitals'::regclass`,
    );
    return waiting?.['backends'] === 0;
  };

  /** Kills the service while the database holds its flush up; ends once it runs again and stored what came after. */
  async function killed(received: (ingest: TestIngest) => Promise<boolean>, entry?: string): Promise<TestIngest> {
    const ingest = await receiving(env, entry);
    await hospital.owner.query('begin');
    await hospital.owner.query(`lock table ${hospital.schema}.vitals in access exclusive mode`);
    await broker.publish(topicOf(), reading(72));
    await eventually(async () => (await received(ingest)) || undefined);
    await ingest.kill();
    // What was sent to the database whole is stored even so, unless it gives up waiting for the table first.
    await eventually(async () => (await nobodyWaits()) || undefined);
    await hospital.owner.query('rollback');
    const again = await receiving();
    const after = (await hospital.addDevices(gateway, 1)) as [TestDevice];
    await broker.publish(topicOf(after[0]), reading(73));
    await eventually(async () => (await hospital.count('vitals', 'device_no = $1', [after[0].no])) || undefined);
    return again;
  }

  it('is sent again after the service was killed, and stored once', async () => {
    const held = async (ingest: TestIngest): Promise<boolean> => (await ingest.metric('ingest_queue_bytes')) > 0;
    const again = await killed(held);
    expect(await storedNow(1)).toHaveLength(1);
    await again.stop();
  }, 60_000);

  it('control: is lost when it is acknowledged before the commit', async () => {
    const acknowledged = async (ingest: TestIngest): Promise<boolean> => (await ingest.metric(settled, isStored)) > 0;
    const again = await killed(acknowledged, hasty);
    expect(await stored()).toEqual([]);
    await again.stop();
  }, 60_000);

  it('is stored once, of a stream of them, however often the service is stopped or killed', async () => {
    const [client, total, begun] = [await broker.connect({ protocolVersion: 4 }), 2_000, Date.now() - 60_000];
    let ingest = await receiving();
    const sending = Promise.all(
      Array.from({ length: total }, (_, i) => client.publishAsync(topicOf(), reading(70, begun + i), { qos: 1 })),
    );
    for (const end of ['kill', 'stop', 'kill'] as const) {
      await ingest[end]();
      ingest = await receiving();
    }
    await sending;
    await storedNow(total);
    expect(await hospital.count('vitals', 'device_no = $1', [device.no])).toBe(total);
    await client.endAsync();
    await ingest.stop();
  }, 60_000);
});
