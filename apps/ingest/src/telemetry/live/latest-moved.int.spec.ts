import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { eventually } from '../../testing/eventually.js';
import { type TestDevice, type TestGateway, TestHospital } from '../../testing/test-hospital.js';
import { TestIngest } from '../../testing/test-ingest.js';

let hospital: TestHospital;
let gateway: TestGateway;
let ingest: TestIngest;
beforeAll(async () => {
  hospital = await TestHospital.create();
  gateway = await hospital.addGateway();
  ingest = await TestIngest.start();
}, 60_000);
afterAll(async () => {
  await ingest.stop();
  await hospital.drop();
});

const latestOf = (patientId: string): Promise<Record<string, unknown>[]> =>
  hospital.rows('select code, value from {schema}.vitals_latest where patient_id = $1', [patientId]);

it('nobody is scored by what waits when it is known by then that another wore the device', async () => {
  const [moved, other] = (await hospital.addDevices(gateway, 2)) as [TestDevice, TestDevice];
  const ill = { hr: 140, rr: 30, spo2: 80, sys: 80, dia: 50, temp: 40, acvpu: 'U', o2: true };
  const readings = [moved, other].map(({ name }) => ({ d: name, t: Date.now() - 5_000, ...ill }));
  expect((await ingest.post(gateway.key, { readings })).status).toBe(200);
  const wearer = await hospital.addPatient();
  await hospital.rows(`update {schema}.patient set birth_date = '1960-01-01'`);
  await hospital.reassign(moved.name, wearer, new Date(Date.now() - 60_000), () =>
    eventually(() => ingest.log.includes('scores not written yet') || undefined),
  );
  const scored = (): Promise<unknown[]> =>
    hospital.rows('select distinct patient_id from {schema}.score_result where total is not null');
  await eventually(async () => ((await scored()).length === 2 ? true : undefined));
  expect(await scored()).toEqual(
    expect.arrayContaining([other.patientId, wearer].map((patient) => ({ patient_id: patient }))),
  );
});

it('what waits to be shown is not shown for the previous wearer once it is known that another wore the device', async () => {
  const [moved, other] = (await hospital.addDevices(gateway, 2)) as [TestDevice, TestDevice];
  const wearer = await hospital.addPatient();
  const readings = [moved, other].map(({ name }) => ({ d: name, t: Date.now() - 5_000, hr: 70 }));
  expect((await ingest.post(gateway.key, { readings })).status).toBe(200);
  // What waits is tried in the middle of it.
  await hospital.reassign(moved.name, wearer, new Date(Date.now() - 60_000), () =>
    eventually(() => ingest.log.includes('latest vitals not written yet') || undefined),
  );
  // Both waited together.
  await eventually(async () => (await latestOf(other.patientId))[0]);
  expect(await latestOf(moved.patientId)).toEqual([]);
  expect(await latestOf(wearer)).toEqual([{ code: 'heartRate', value: 70 }]);
});
