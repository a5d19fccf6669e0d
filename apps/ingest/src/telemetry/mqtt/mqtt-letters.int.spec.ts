import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { eventually } from '../../testing/eventually.js';
import { TestBroker } from '../../testing/test-broker.js';
import { TestHospital, type TestDevice, type TestGateway } from '../../testing/test-hospital.js';
import { TestIngest } from '../../testing/test-ingest.js';

const settled = 'ingest_mqtt_messages_total';

let broker: TestBroker;
let ingest: TestIngest;
let full: TestHospital;
let its: TestGateway;
let monitor: TestDevice;

beforeAll(async () => {
  [broker, full] = [await TestBroker.start(), await TestHospital.create()];
  its = await full.addGateway();
  [monitor] = (await full.addDevices(its, 1)) as [TestDevice];
  ingest = await TestIngest.start({ env: { MQTT_URL: broker.url } });
  await eventually(() => ingest.log.includes(`"subscription":"$share/ingest/v1/${full.hospital.slug}/#"`) || undefined);
}, 60_000);
afterAll(async () => {
  await ingest.stop();
  await broker.stop();
  await full.drop();
});

describe('a hospital whose dead letters are as many as are kept', () => {
  beforeEach(async () => {
    await full.rows('delete from {schema}.telemetry_dead_letter');
    await full.rows(
      `insert into {schema}.telemetry_dead_letter (gateway_id, device, recorded_at, reason, reading)
       select $1, 'mon', now() - n * interval '1 s', '23514', '{}' from generate_series(1, 10000) n`,
      [its.id],
    );
  });

  const kept = (): Promise<number> => full.count('telemetry_dead_letter', 'device = $1', [monitor.name]);
  const publish = async (message: string): Promise<void> => {
    const client = await broker.connect();
    const properties = { userProperties: { key: its.key } };
    await client.publishAsync(`v1/${full.hospital.slug}/${monitor.name}/vitals`, message, { qos: 1, properties });
    await client.endAsync();
  };
  /** Somebody decides about all the others. */
  const decide = (): Promise<unknown> =>
    full.rows(
      `update {schema}.telemetry_dead_letter set state = 'discarded', decided_at = now(), decided_by = $1,
              discard_reason = 'a test' where device = 'mon'`,
      [its.id],
    );

  it.each([
    ['cannot be read', '{"t":1'],
    ['the service refuses', JSON.stringify({ d: 'mon-other', t: Date.now(), hr: 70 })],
    ['the database refuses', JSON.stringify({ batch: 'poison', readings: [{ t: Date.now() - 5_000, hr: 66 }] })],
  ])(
    'leaves what %s with the broker until somebody decided',
    async (_, message) => {
      await full.rows(
        'alter table {schema}.vitals drop constraint if exists poison, add constraint poison check (heart_rate <> 66)',
      );
      const [settledBefore, before] = [await ingest.metric(settled), await ingest.metric('ingest_mqtt_retries_total')];
      await publish(message);
      await eventually(async () => (await ingest.metric('ingest_mqtt_retries_total')) > before + 2 || undefined);
      expect([await ingest.metric(settled), await kept()]).toEqual([settledBefore, 0]);
      expect(await ingest.metric('ingest_dead_letters_total', 'outcome="full"')).toBeGreaterThan(0);
      await decide();
      await eventually(async () => (await kept()) || undefined);
      await eventually(async () => (await ingest.metric(settled)) > settledBefore || undefined);
      expect(await kept()).toBe(1);
    },
    30_000,
  );

  it('is answered over HTTP as ever: its sender is told', async () => {
    const refused = { i: 0, code: 'not_storable' };
    const readings = [66, 70].map((hr, i) => ({ d: monitor.name, t: Date.now() - 9_000 + i, hr }));
    const { status, body } = await ingest.post(its.key, { readings });
    expect([status, body]).toMatchObject([200, { accepted: 1, rejected: [refused] }]);
    expect(await kept()).toBe(0);
  });
});
