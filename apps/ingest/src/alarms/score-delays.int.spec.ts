import { afterAll, beforeAll, beforeEach, describe, it } from '@jest/globals';
import { eventually } from '../testing/eventually.js';
import { TestHospital, type TestGateway } from '../testing/test-hospital.js';
import { TestIngest } from '../testing/test-ingest.js';
import { ill, TestScores, well } from '../testing/test-scores.js';

let ingest: TestIngest;
let hospital: TestHospital;
let gateway: TestGateway;
let patient: TestScores;
let neighbour: TestScores;

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
  patient = await TestScores.create(hospital, gateway);
  neighbour = await TestScores.create(hospital, gateway);
});

/** While somebody holds what the work needs that was begun before, a neighbour falls ill. */
async function alarmWhile(hold: () => Promise<unknown>): Promise<void> {
  await hospital.rows('begin');
  try {
    await hold();
    await neighbour.send(ingest, [1, ill]);
    await neighbour.untilOpen(1, 4_000);
  } finally {
    await hospital.rows('rollback');
  }
}

describe('a score of now', () => {
  it('does not wait for one of readings that came late', async () => {
    const recordedAt = Date.now() - 900_000;
    await alarmWhile(async () => {
      await hospital.rows(
        `insert into {schema}.score_result (patient_id, profile, profile_version, computed_for, partial, band, inputs)
         values ($1, 'news2', '', $2, 0, '', '{}')`,
        [patient.patientId, new Date(recordedAt)],
      );
      await patient.sendAt(ingest, recordedAt, ill);
      await eventually(
        async () =>
          (await hospital.rows('select from pg_locks where pg_backend_pid() = any (pg_blocking_pids(pid))')).length >
            0 || undefined,
      );
    });
    await eventually(async () => (await patient.scores()).length === 1 || undefined);
  });

  it('does not wait for who has claimed its flush', async () => {
    await patient.send(ingest, [1, well]);
    await alarmWhile(async () => {
      await hospital.rows('select from {schema}.telemetry_flush where not evaluated for update');
      await patient.untilScore({ total: 0 });
    });
  });
});
