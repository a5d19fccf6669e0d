import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { Lane } from '../database/lane.js';
import { Hospital } from '../hospitals/hospital.js';
import { committedValues } from '../telemetry/live/committed-values.js';
import type { PatientValues } from '../telemetry/live/newest-values.js';
import { variable } from '../testing/environment.js';
import { hospitalWith, patientOf, readingOf, submissionOf } from '../testing/telemetry-fakes.js';
import { TestAlarms } from '../testing/test-alarms.js';
import { TestHospital } from '../testing/test-hospital.js';
import { scoreRound } from './score-round.js';

const patient = patientOf(1);
const ill = { heartRate: 115, respiratoryRate: 26, systolic: 95, temperature: 38.5, onOxygen: 0, acvpu: 0 };
const well = { heartRate: 70, respiratoryRate: 16, systolic: 120, temperature: 36.8, spo2: 97, onOxygen: 0, acvpu: 0 };

let hospital: TestHospital;
let alarms: TestAlarms;
let lane: Lane;
beforeAll(async () => {
  hospital = await TestHospital.create();
  alarms = await TestAlarms.of(hospital);
  await hospital.addPatient(patient);
  await hospital.rows(`update {schema}.patient set birth_date = '1960-01-01'`);
  lane = new Lane(variable('INGEST_DATABASE_URL'));
}, 60_000);
afterAll(async () => {
  await lane.close();
  await hospital.drop();
});

function readings(second: number, values: Readonly<Record<string, number>>): PatientValues {
  const { rows } = submissionOf(hospitalWith(2), [readingOf(1, alarms.at(second).getTime() * 1_000, values)]);
  const found = committedValues(rows, 0).fresh.byPatient.get(patient);
  if (!found) throw new Error('nobody wears the device');
  return { ...found, assignment: { ...found.assignment, wardId: hospital.wardId } };
}

async function score(second: number, values: Readonly<Record<string, number>>): Promise<unknown> {
  const { id, slug } = hospital.hospital;
  const [found] = await lane.run<{ epoch: number }>(
    `select epoch::int from public.ingest_epoch where hospital_id = '${id}'`,
  );
  const asks = [{ patient, readings: readings(second, values), due: undefined }];
  return scoreRound(lane, new Hospital(id, slug), asks, { writer: 1, epoch: found?.epoch ?? 0 });
}

it('scoring waits for an alarm that follows its patient without holding the vitals the assignment moves', async () => {
  await score(0, ill);
  await alarms.session(async (assigning) => {
    // What the triggers of an assignment do, in their order.
    await assigning.query('begin; select from alarm for no key update');
    const scored = score(1, well);
    await alarms.waitedFor(assigning);
    await assigning.query(`update vitals_newest set heart_rate = heart_rate where patient_id = '${patient}'`);
    await assigning.query('commit');
    await scored;
  });
  expect(await hospital.rows('select total from {schema}.score_result order by computed_for')).toEqual([
    { total: null },
    { total: 0 },
  ]);
});
