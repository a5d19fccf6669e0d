import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { MqttClient } from 'mqtt';
import { eventually } from '../../testing/eventually.js';
import { TestBroker } from '../../testing/test-broker.js';
import { type TestDevice, type TestGateway, TestHospital } from '../../testing/test-hospital.js';
import { TestIngest } from '../../testing/test-ingest.js';

const thingsboard = 'v1/devices/me/telemetry';

interface Sender {
  readonly hospital: TestHospital;
  readonly gateway: TestGateway;
  readonly device: TestDevice;
}

let broker: TestBroker;
let ingest: TestIngest;
let client: MqttClient;
let busy: Sender;
let other: Sender;

async function open(): Promise<Sender> {
  const hospital = await TestHospital.create();
  const gateway = await hospital.addGateway();
  const [device] = (await hospital.addDevices(gateway, 1)) as [TestDevice];
  return { hospital, gateway, device };
}

beforeAll(async () => {
  [broker, busy, other] = [await TestBroker.start(), await open(), await open()];
  client = await broker.connect();
  await busy.hospital.owner.query('update public.hospital set telemetry_rows_per_second = 1 where id = $1', [
    busy.hospital.hospital.id,
  ]);
  ingest = await TestIngest.start({ env: { MQTT_URL: broker.url } });
  for (const { hospital } of [busy, other])
    await eventually(() => ingest.log.includes(`$share/ingest/v1/${hospital.hospital.slug}/#`) || undefined);
  const readings = Array.from({ length: 2_000 }, (_, i) => ({ d: busy.device.name, t: Date.now() - i, hr: 70 }));
  expect((await ingest.post(busy.gateway.key, { readings })).status).toBe(200);
}, 60_000);
afterAll(async () => {
  await ingest.stop();
  await broker.stop();
  for (const { hospital } of [busy, other]) await hospital.drop();
});
/** A device of its own for each test. */
beforeEach(async () => {
  const [device] = (await other.hospital.addDevices(other.gateway, 1)) as [TestDevice];
  other = { ...other, device };
});

type Topic = (sender: Sender) => string;
const own: Topic = ({ hospital, device }) => `v1/${hospital.hospital.slug}/${device.name}/vitals`;

/** As the topic wants it. */
const messageOf = (topic: string, t: number, hr: number): string =>
  JSON.stringify(topic === thingsboard ? { ts: t, values: { hr } } : { t, hr });

const send = (to: Topic, sender: Sender, at: number): Promise<unknown> => {
  const userProperties = { key: sender.gateway.key, device: sender.device.name };
  const topic = to(sender);
  return client.publishAsync(topic, messageOf(topic, at, 72), { qos: 1, properties: { userProperties } });
};

describe('a hospital beyond its quota', () => {
  it.each<[string, Topic]>([
    ['its own topics', own],
    ['the topic of ThingsBoard', () => thingsboard],
  ])(
    'holds up no other when it fills %s',
    async (_, to) => {
      const before = await ingest.metric('ingest_mqtt_retries_total');
      const begun = Date.now() - 60_000;
      await Promise.all(Array.from({ length: 400 }, (_, i) => send(to, busy, begun + i)));
      await eventually(async () => (await ingest.metric('ingest_mqtt_retries_total')) > before + 30 || undefined);
      await send(to, other, begun);
      const { hospital, device } = other;
      await eventually(async () => (await hospital.count('vitals', 'device_no = $1', [device.no])) || undefined);
    },
    30_000,
  );

  it('finds what was too much among its dead letters, as readings it can replay', async () => {
    const letters = await busy.hospital.rows(
      `select distinct reason, message, reading ->> 'heart_rate' as rate from {schema}.telemetry_dead_letter`,
    );
    expect(letters).toEqual([{ reason: 'telemetry.over-quota', message: null, rate: '72' }]);
  });
});
