import { expect, it } from '@jest/globals';
import { useBedside } from '../../testing/bedside.js';
import { eventually } from '../../testing/eventually.js';
import type { TestDevice } from '../../testing/test-hospital.js';

const bed = useBedside();

const latestOf = (patientId: string): Promise<Record<string, unknown>[]> =>
  bed.hospital.rows('select code, value from {schema}.vitals_latest where patient_id = $1', [patientId]);

/** Ends when the service says so from now on: in the middle of what is going on. */
function said(message: string): Promise<true> {
  const before = bed.ingest.log.length;
  return eventually(() => bed.ingest.log.slice(before).includes(message) || undefined);
}

it('nobody is scored by what waits when it is known by then that another wore the device', async () => {
  const [moved, other] = (await bed.hospital.addDevices(bed.gateway, 2)) as [TestDevice, TestDevice];
  const ill = { hr: 140, rr: 30, spo2: 80, sys: 80, dia: 50, temp: 40, acvpu: 'U', o2: true };
  const readings = [moved, other].map(({ name }) => ({ d: name, t: Date.now() - 5_000, ...ill }));
  expect((await bed.ingest.post(bed.gateway.key, { readings })).status).toBe(200);
  const wearer = await bed.hospital.addPatient();
  await bed.hospital.rows(`update {schema}.patient set birth_date = '1960-01-01'`);
  await bed.hospital.reassign(moved.name, wearer, new Date(Date.now() - 60_000), () => said('scores not written yet'));
  const scored = (): Promise<unknown[]> =>
    bed.hospital.rows('select distinct patient_id from {schema}.score_result where total is not null');
  await eventually(async () => ((await scored()).length === 2 ? true : undefined));
  expect(await scored()).toEqual(
    expect.arrayContaining([other.patientId, wearer].map((patient) => ({ patient_id: patient }))),
  );
});

it('what waits to be shown is not shown for the previous wearer once it is known that another wore the device', async () => {
  const [moved, other] = (await bed.hospital.addDevices(bed.gateway, 2)) as [TestDevice, TestDevice];
  const wearer = await bed.hospital.addPatient();
  const readings = [moved, other].map(({ name }) => ({ d: name, t: Date.now() - 5_000, hr: 70 }));
  expect((await bed.ingest.post(bed.gateway.key, { readings })).status).toBe(200);
  await bed.hospital.reassign(moved.name, wearer, new Date(Date.now() - 60_000), () =>
    said('latest vitals not written yet'),
  );
  // Both waited together.
  await eventually(async () => (await latestOf(other.patientId))[0]);
  expect(await latestOf(moved.patientId)).toEqual([]);
  expect(await latestOf(wearer)).toEqual([{ code: 'heartRate', value: 70 }]);
});
