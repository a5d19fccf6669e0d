import { afterAll, beforeAll, beforeEach, expect, it } from '@jest/globals';
import { eventually } from '../testing/eventually.js';
import { TestHospital, type TestDevice, type TestGateway } from '../testing/test-hospital.js';
import { TestIngest } from '../testing/test-ingest.js';

let ingest: TestIngest;
let hospital: TestHospital;
let gateway: TestGateway;
let device: TestDevice;

beforeAll(async () => {
  hospital = await TestHospital.create();
  gateway = await hospital.addGateway();
  ingest = await TestIngest.start();
}, 60_000);

afterAll(async () => {
  await ingest.stop();
  await hospital.drop();
});

beforeEach(async () => {
  [device] = (await hospital.addDevices(gateway, 1)) as [TestDevice];
});

const samples = Int16Array.from({ length: 250 }, (_, i) => i - 125);
const b64 = Buffer.from(samples.buffer).toString('base64');
const ecg = { lead: 'II', hz: 250, scale: 0.005, origin: -1, b64 };
const reading = (t: number, values: object): object => ({ d: device.name, t, ...values });
const send = (...readings: object[]): ReturnType<TestIngest['post']> => ingest.post(gateway.key, { readings });
const stored = (): Promise<Record<string, unknown>[]> =>
  hospital.rows(
    `select lead, hz, scale, origin, started_at, encode(samples, 'base64') as b64 from {schema}.waveform
      where device_no = $1 order by started_at, lead`,
    [device.no],
  );
const vitals = (): Promise<Record<string, unknown>[]> =>
  hospital.rows('select heart_rate from {schema}.vitals where device_no = $1 order by recorded_at', [device.no]);

it('waveforms are stored with their readings; a reading of waveforms alone is no row of vitals', async () => {
  const t = Date.now() - 5_000;
  const answer = await send(
    reading(t, { hr: 72, w: [ecg, { lead: 'pleth', hz: 125, b64 }] }),
    reading(t + 1_000, { w: ecg }),
  );
  expect(answer).toMatchObject({ status: 200, body: { accepted: 2 } });
  const chunks = await stored();
  expect(chunks.map(({ lead, hz, scale, origin }) => [lead, hz, scale, origin])).toEqual([
    ['II', 250, 0.005, -1],
    ['pleth', 125, 1, 0],
    ['II', 250, 0.005, -1],
  ]);
  expect(chunks.map((chunk) => String(chunk['b64']).replaceAll('\n', ''))).toEqual([b64, b64, b64]);
  expect(chunks[0]?.['started_at']).toEqual(new Date(t));
  expect(await vitals()).toEqual([{ heart_rate: 72 }]);
});

it('a waveform that comes again, with another one and by way of the merge, is stored once', async () => {
  const t = Date.now() - 5_000;
  await send(reading(t, { hr: 72, w: ecg }));
  const answer = await send(reading(t, { hr: 73, w: [ecg, { ...ecg, lead: 'V1' }] }));
  expect(answer).toMatchObject({ status: 200, body: { accepted: 0, duplicates: 1 } });
  expect((await stored()).map(({ lead }) => lead)).toEqual(['II', 'V1']);
});

it('a waveform there is no room for waits for somebody to decide with its reading, and takes nothing else with it', async () => {
  const t = Date.now() - 3 * 24 * 3_600_000;
  const day = new Date(t).toISOString().slice(0, 10).replaceAll('-', '');
  await hospital.rows(`drop table {schema}.waveform_${day}`, []);
  const answer = await send(
    reading(t, { hr: 71, w: ecg }),
    reading(t + 1, { hr: 72 }),
    reading(Date.now(), { w: ecg }),
  );
  expect(answer).toMatchObject({
    status: 200,
    body: { accepted: 2, rejected: [{ i: 0, code: 'not_storable' }], rejectedTotal: 1 },
  });
  expect(await vitals()).toEqual([{ heart_rate: 72 }]);
  expect(await stored()).toHaveLength(1);
  const letters = await hospital.rows(
    `select reading, waveforms from {schema}.telemetry_dead_letter where device = $1`,
    [device.name],
  );
  const { lead, hz, scale, origin } = ecg;
  expect(letters).toEqual([
    { reading: { flags: 0, heart_rate: 71 }, waveforms: [{ lead, hz, scale, origin, samples: b64 }] },
  ]);
});

it('an explanation names the waveforms, without their samples', async () => {
  const response = await fetch(`${ingest.url}/telemetry/explain`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${gateway.key}` },
    body: JSON.stringify({ readings: [reading(Date.now(), { w: ecg })] }),
  });
  expect(await response.json()).toMatchObject({
    readings: [{ values: {}, waveforms: [{ lead: 'II', hz: 250, scale: 0.005, origin: -1 }] }],
  });
});

it("waveforms alone are nobody's newest vitals, and hold up no one else's", async () => {
  const [other] = (await hospital.addDevices(gateway, 1)) as [TestDevice];
  const newest = (): Promise<Record<string, unknown>[]> =>
    hospital.rows('select patient_id, heart_rate from {schema}.vitals_newest where patient_id = any($1)', [
      [device.patientId, other.patientId],
    ]);
  await send(reading(Date.now() - 1_000, { w: ecg }));
  await send({ d: other.name, t: Date.now(), hr: 71 }, reading(Date.now(), { w: ecg }));
  await eventually(async () => ((await newest()).length > 0 ? true : undefined));
  expect(await newest()).toEqual([{ patient_id: other.patientId, heart_rate: 71 }]);
});
