/* Alone: a service that another file starts would score what waits for the end of the outage. */
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { eventually } from '../testing/eventually.js';
import { TestHospital, type TestGateway } from '../testing/test-hospital.js';
import { TestIngest } from '../testing/test-ingest.js';
import { ill, TestScores, well } from '../testing/test-scores.js';

/** The service, but it never evaluates what it stores. */
const forgetful = join(import.meta.dirname, '../testing/never-evaluates.mjs');

/** What was left is looked for every ten seconds. */
const nextRoundMs = 15_000;

let ingest: TestIngest | undefined;
let hospital: TestHospital;
let gateway: TestGateway;
let patient: TestScores;

beforeAll(async () => {
  hospital = await TestHospital.create();
  gateway = await hospital.addGateway();
}, 60_000);

beforeEach(async () => {
  patient = await TestScores.create(hospital, gateway);
});

afterAll(async () => {
  await ingest?.stop();
  await hospital.drop();
});

/** Readings were acknowledged, and then nobody was there for so long. */
async function outage(minutes: number, ...readings: readonly (readonly [number, object])[]): Promise<void> {
  await ingest?.stop();
  ingest = undefined;
  const crashing = await TestIngest.start({ entry: forgetful });
  await patient.send(crashing, ...readings);
  await crashing.kill();
  await hospital.rows(
    `update {schema}.vitals set recorded_at = recorded_at - $2::int * interval '1 minute' where patient_id = $1`,
    [patient.patientId, minutes],
  );
  await hospital.rows(
    `update {schema}.telemetry_flush
        set committed_at = committed_at - $1::int * interval '1 minute', recorded_from = recorded_from - $1::int * interval '1 minute',
            recorded_until = recorded_until - $1::int * interval '1 minute'
      where not evaluated`,
    [minutes],
  );
}

describe('a critical score that was acknowledged before an outage', () => {
  it('is an alarm after it, marked as late', async () => {
    await outage(15, [1, ill]);
    ingest = await TestIngest.start();
    await patient.untilOpen(1);
    expect(await patient.alarms()).toMatchObject([{ priority: 'high', value: 8, detail: { late: true } }]);
    expect((await patient.scores())[0]).toMatchObject({ total: 8, retrospective: false });
  }, 40_000);

  it('is one although the patient is well by now, and ends as any does', async () => {
    await outage(15, [1, ill]);
    await hospital.rows(
      `update {schema}.telemetry_flush set committed_at = now() + interval '1 hour' where not evaluated`,
    );
    ingest = await TestIngest.start();
    await patient.send(ingest, [60, well]);
    await patient.untilScore({ total: 0 });
    await hospital.rows(
      `update {schema}.telemetry_flush set committed_at = now() - interval '15 minutes' where not evaluated`,
    );
    await patient.untilOpen(1, nextRoundMs);
    expect(await patient.alarms()).toMatchObject([{ priority: 'high', detail: { late: true } }]);
    // Well half a minute after that was found, by a clock that runs ahead.
    await eventually(
      async () =>
        (await hospital.count('alarm', `patient_id = $1 and normal_since < now() - interval '2 seconds'`, [
          patient.patientId,
        ])) > 0 || undefined,
    );
    await patient.send(ingest, [-29, well]);
    await patient.untilOpen(0);
  }, 60_000);

  it('is none when people were told of one as grave since', async () => {
    await outage(15, [1, ill]);
    await hospital.rows(
      `update {schema}.telemetry_flush set committed_at = now() + interval '1 hour' where not evaluated`,
    );
    ingest = await TestIngest.start();
    await patient.send(ingest, [60, ill]);
    await patient.untilOpen(1);
    await hospital.rows(
      `update {schema}.telemetry_flush set committed_at = now() - interval '15 minutes' where not evaluated`,
    );
    await patient.untilEvaluated(nextRoundMs);
    expect(await patient.alarms()).toMatchObject([{ priority: 'high', state: 'raised' }]);
    expect((await patient.alarms())[0]?.detail).not.toHaveProperty('late');
  }, 60_000);

  it('control: readings that were late when they were acknowledged raise none', async () => {
    await outage(0, [900, ill]);
    ingest = await TestIngest.start();
    await patient.untilEvaluated();
    expect(await patient.alarms()).toEqual([]);
  }, 40_000);
});
