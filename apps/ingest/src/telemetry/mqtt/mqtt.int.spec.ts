import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import mqtt, { type IClientOptions, type MqttClient } from 'mqtt';
import { variable } from '../../testing/environment.js';
import { eventually } from '../../testing/eventually.js';
import { TcpProxy } from '../../testing/tcp-proxy.js';
import { TestBroker } from '../../testing/test-broker.js';
import { TestHospital, type TestDevice, type TestGateway } from '../../testing/test-hospital.js';
import { TestIngest } from '../../testing/test-ingest.js';

const hasty = join(import.meta.dirname, '../../testing/answers-before-commit.mjs');
const settled = 'ingest_mqtt_messages_total';

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

async function publisher(options: IClientOptions = {}): Promise<MqttClient> {
  return mqtt.connectAsync(broker.url, { protocolVersion: 5, ...options });
}

describe('a message to the broker', () => {
  let ingest: TestIngest;
  beforeAll(async () => {
    ingest = await TestIngest.start({ env });
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
    const client = await publisher({ protocolVersion: 4 });
    await client.publishAsync(topicOf(), body(Date.now() - 5_000), { qos: 1 });
    expect(await storedNow(1)).toEqual([{ heart_rate: 71, spo2: 97 }]);
    await client.endAsync();
  });

  it('of a device of ThingsBoard is stored, with its own time or that of its arrival', async () => {
    const client = await publisher();
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

  it('that can never be stored is let go, and holds nothing up', async () => {
    const before = await ingest.metric(settled);
    const client = await publisher();
    const other = await hospital.addDevices(await hospital.addGateway(), 1);
    const foreign = { properties: { userProperties: { key: gateway.key } } };
    const poison = [
      ['v1/nobody/expects/this', '{}'],
      ['v1/devices/me/telemetry', reading(70)],
      [topicOf(device, 'another_hospital'), reading(70)],
      [topicOf(other[0]), reading(70)],
      [topicOf(), '{"t":1'],
      [topicOf(), Buffer.from([0xff, 0xfe])],
      [topicOf(), JSON.stringify({ d: 'mon-other', t: Date.now(), hr: 70 })],
    ] as const;
    for (const [topic, message] of poison)
      await client.publishAsync(topic, message, { qos: 1, ...(topic.includes('another') ? foreign : {}) });
    await client.publishAsync(topicOf(), reading(73), { qos: 1 });
    expect(await storedNow(1)).toEqual([{ heart_rate: 73, spo2: null }]);
    await eventually(async () => (await ingest.metric(settled)) - before === poison.length + 1 || undefined);
    await client.endAsync();
  });
});

describe('a message that could not be stored yet', () => {
  it('stays with the broker while the database is away, and is stored afterwards', async () => {
    const proxy = await TcpProxy.to(variable('INGEST_DATABASE_URL'));
    const through = { ...env, DATABASE_URL: proxy.through(variable('INGEST_DATABASE_URL')) };
    const ingest = await TestIngest.start({ env: through });
    proxy.refuse();
    expect(await broker.publish(topicOf(), reading(72))).toBe(0);
    await eventually(async () => (await ingest.metric('ingest_mqtt_retries_total')) > 1 || undefined);
    expect(await ingest.metric(settled)).toBe(0);
    proxy.restore();
    expect(await storedNow(1)).toEqual([{ heart_rate: 72, spo2: null }]);
    await ingest.stop();
    await proxy.close();
  }, 60_000);

  /** Kills the service while the database holds its flush up, and counts what is stored once it runs again. */
  async function storedAfterKill(received: (ingest: TestIngest) => Promise<boolean>, entry?: string): Promise<number> {
    const options = { env, ...(entry === undefined ? {} : { entry }) };
    const ingest = await TestIngest.start(options);
    await hospital.owner.query('begin');
    await hospital.owner.query(`lock table ${hospital.schema}.vitals in access exclusive mode`);
    await broker.publish(topicOf(), reading(72));
    await eventually(async () => (await received(ingest)) || undefined);
    await ingest.kill();
    await hospital.owner.query('rollback');
    const again = await TestIngest.start({ env });
    const after = (await hospital.addDevices(gateway, 1)) as [TestDevice];
    await broker.publish(topicOf(after[0]), reading(73));
    await eventually(async () => (await hospital.count('vitals', 'device_no = $1', [after[0].no])) || undefined);
    const count = await hospital.count('vitals', 'device_no = $1', [device.no]);
    await again.stop();
    return count;
  }

  it('is sent again after the service was killed, and stored once', async () => {
    const held = async (ingest: TestIngest): Promise<boolean> => (await ingest.metric('ingest_queue_bytes')) > 0;
    expect(await storedAfterKill(held)).toBe(1);
  }, 60_000);

  it('control: is lost when it is acknowledged before the commit', async () => {
    const acknowledged = async (ingest: TestIngest): Promise<boolean> => (await ingest.metric(settled)) > 0;
    expect(await storedAfterKill(acknowledged, hasty)).toBe(0);
  }, 60_000);

  it('is stored once, of a stream of them, however often the service is stopped or killed', async () => {
    const [client, total, begun] = [await publisher({ protocolVersion: 4 }), 2_000, Date.now() - 60_000];
    let ingest = await TestIngest.start({ env });
    const sending = Promise.all(
      Array.from({ length: total }, (_, i) => client.publishAsync(topicOf(), reading(70, begun + i), { qos: 1 })),
    );
    for (const end of ['kill', 'stop', 'kill'] as const) {
      await ingest[end]();
      ingest = await TestIngest.start({ env });
    }
    await sending;
    await storedNow(total);
    expect(await hospital.count('vitals', 'device_no = $1', [device.no])).toBe(total);
    await client.endAsync();
    await ingest.stop();
  }, 60_000);
});
