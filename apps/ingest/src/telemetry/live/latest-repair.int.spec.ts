import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { eventually } from '../../testing/eventually.js';
import { TestHospital } from '../../testing/test-hospital.js';
import { TestIngest } from '../../testing/test-ingest.js';

let hospital: TestHospital;
beforeAll(async () => {
  hospital = await TestHospital.create();
}, 60_000);
afterAll(() => hospital.drop());

it('what a crash took from the latest vitals is there again once the service has started', async () => {
  const [worn, taken] = await hospital.addDevices(await hospital.addGateway(), 2);
  await hospital.rows(
    `update {schema}.device_assignment set valid = tstzrange(lower(valid), now() - interval '5 minutes')
      where patient_id = $1`,
    [taken?.patientId],
  );
  await hospital.rows(
    `insert into {schema}.vitals (recorded_at, flush_no, patient_id, device_no, writer, heart_rate, acvpu)
     select now() - minutes * interval '1 minute', 1, patient, 1, 1, minutes, 'P'
       from unnest($1::uuid[]) patient, unnest(array[6, 7, 11]) minutes`,
    [[worn?.patientId, taken?.patientId]],
  );
  const ingest = await TestIngest.start();
  const latest = await eventually(async () => {
    const rows = await hospital.rows('select patient_id, code, value from {schema}.vitals_latest order by code');
    return rows.length > 0 ? rows : undefined;
  });
  await ingest.stop();
  expect(latest).toEqual([
    { patient_id: worn?.patientId, code: 'acvpu', value: 3 },
    { patient_id: worn?.patientId, code: 'heartRate', value: 6 },
  ]);
});
