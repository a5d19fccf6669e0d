import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { eventually } from '../testing/eventually.js';
import { TestHospital, type TestGateway } from '../testing/test-hospital.js';
import { TestIngest } from '../testing/test-ingest.js';
import { ill, TestScores, well } from '../testing/test-scores.js';

/** The service, but it never evaluates what it stores. */
const forgetful = join(import.meta.dirname, '../testing/never-evaluates.mjs');

let ingest: TestIngest;
let hospital: TestHospital;
let gateway: TestGateway;
let patient: TestScores;

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
});

const unevaluated = (): Promise<number> => hospital.count('telemetry_flush', 'not evaluated');

describe('the score of a patient', () => {
  it('is kept when it differs from the one before, and its flush counts as evaluated then', async () => {
    await patient.send(ingest, [4, well]);
    await eventually(async () => (await patient.scores()).length === 1 || undefined);
    await patient.send(ingest, [3, well]);
    await eventually(async () => (await unevaluated()) === 0 || undefined);
    await patient.send(ingest, [2, { rr: 21 }]);
    await eventually(async () => (await patient.scores()).length === 2 || undefined);
    expect(await patient.scores()).toMatchObject([
      { profile: 'news2', total: 0, band: 'low' },
      { profile: 'news2', total: 2, band: 'low' },
    ]);
    expect(await patient.alarms()).toEqual([]);
  });

  it('of 7 is an alarm of high priority, one of 5 of medium, and it rises without waiting for the end of the first', async () => {
    await patient.send(ingest, [3, { ...well, rr: 26, hr: 115 }]);
    await eventually(async () => (await patient.alarms()).length === 1 || undefined);
    await patient.send(ingest, [1, ill]);
    await eventually(async () => (await patient.alarms()).length === 2 || undefined);
    expect(await patient.alarms()).toMatchObject([
      { rule: 'news2', priority: 'medium', state: 'resolved', value: 5 },
      { rule: 'news2', priority: 'high', state: 'raised', value: 8 },
    ]);
  });

  it('finds what the one before it made of the alarms, though both are recorded together', async () => {
    const entry = {
      patient: patient.patientId,
      ward: hospital.wardId,
      profile: 'news2',
      version: '',
      retrospective: false,
    };
    const at = (Date.now() - 60_000) * 1_000;
    const score = (seconds: number, total: number, alarm: string | null) => ({
      ...{ ...entry, at: at + seconds * 1_000_000, total, partial: total, band: '', alarm, changed: true },
      ...{ inputs: {}, points: {}, missing: [] },
    });
    const entries = [score(0, 5, 'medium'), score(1, 8, 'high'), score(2, 0, null), score(32, 0, null)];
    await hospital.rows('select {schema}.record_scores($1)', [JSON.stringify(entries)]);
    expect(await patient.alarms()).toMatchObject([
      { priority: 'medium', state: 'resolved', value: 5 },
      { priority: 'high', state: 'resolved', value: 8 },
    ]);
  });

  it('ends its alarm after 30 s below, and not because less is known', async () => {
    await patient.send(ingest, [60, ill]);
    await eventually(async () => (await patient.alarms()).length === 1 || undefined);
    await patient.send(ingest, [50, well]);
    await eventually(
      async () =>
        (await hospital.count('alarm', 'patient_id = $1 and normal_since is not null', [patient.patientId])) > 0 ||
        undefined,
    );
    await patient.send(ingest, [10, well]);
    await eventually(async () => (await patient.alarms())[0]?.state === 'resolved' || undefined);
  });

  it('alarms by what is known when something is missing', async () => {
    await patient.send(ingest, [1, { hr: 135, rr: 26, sys: 95, dia: 60 }]);
    await eventually(async () => (await patient.alarms()).length === 1 || undefined);
    expect(await patient.alarms()).toMatchObject([{ priority: 'high', value: 8 }]);
    expect(await patient.scores()).toMatchObject([{ total: null, partial: 8, band: 'incomplete' }]);
  });

  it('of readings that came late is kept as retrospective, and alarms nobody', async () => {
    await patient.send(ingest, [900, ill]);
    await eventually(async () => (await patient.scores()).length === 1 || undefined);
    expect(await patient.scores()).toMatchObject([{ total: 8, retrospective: true }]);
    expect(await patient.alarms()).toEqual([]);
  });

  it('of a child is Bedside PEWS, of somebody who died none', async () => {
    await hospital.rows(`update {schema}.patient set birth_date = now() - interval '3 years' where id = $1`, [
      patient.patientId,
    ]);
    await patient.send(ingest, [2, { hr: 180, rr: 75, spo2: 88, sys: 165, dia: 90, o2: false }]);
    await eventually(async () => (await patient.alarms()).some(({ rule }) => rule === 'bedside-pews') || undefined);
    expect(await patient.scores()).toMatchObject([{ profile: 'bedside-pews', total: null, partial: 14 }]);
    await hospital.rows('update {schema}.patient set deceased_at = now() where id = $1', [patient.patientId]);
    await patient.send(ingest, [1, { hr: 90 }]);
    await eventually(async () => (await unevaluated()) === 0 || undefined);
    expect(await patient.scores()).toHaveLength(1);
  });

  it('counts what was charted', async () => {
    await patient.send(ingest, [5, { ...well, acvpu: undefined }]);
    await eventually(async () => (await patient.scores()).length === 1 || undefined);
    await patient.chart('acvpu', 1);
    await patient.send(ingest, [4, { hr: 71 }]);
    await eventually(async () => (await patient.alarms()).length === 1 || undefined);
    expect((await patient.scores()).at(-1)).toMatchObject({ total: 3, band: 'ward-review' });
    expect(await hospital.count('score_due')).toBe(0);
  });
});

describe('a crash between the commit and the evaluation', () => {
  it('costs no alarm: it is there within 10 s of the next start', async () => {
    await ingest.stop();
    const crashing = await TestIngest.start({ entry: forgetful });
    await patient.send(crashing, [1, ill]);
    await crashing.kill();
    expect([await unevaluated(), await patient.scores(), await patient.alarms()]).toEqual([1, [], []]);
    // Flushes of the last 5 s may still be in the hands of who stored them.
    const began = performance.now();
    ingest = await TestIngest.start();
    await eventually(async () => (await patient.alarms()).length === 1 || undefined, 15_000);
    expect(performance.now() - began).toBeLessThan(12_000);
    expect(await patient.alarms()).toMatchObject([{ rule: 'news2', priority: 'high', state: 'raised' }]);
    await eventually(async () => (await unevaluated()) === 0 || undefined);
  }, 40_000);

  it('control: a process that never evaluates leaves it unraised', async () => {
    await ingest.stop();
    const crashing = await TestIngest.start({ entry: forgetful });
    await patient.send(crashing, [1, ill]);
    await crashing.stop();
    expect([await unevaluated(), await patient.alarms()]).toEqual([1, []]);
    ingest = await TestIngest.start();
  }, 20_000);
});

describe('two processes', () => {
  it('that rescan at once raise one alarm', async () => {
    await ingest.stop();
    const crashing = await TestIngest.start({ entry: forgetful });
    await patient.send(crashing, [1, ill]);
    await crashing.kill();
    await hospital.rows(
      `update {schema}.telemetry_flush set committed_at = committed_at - interval '6 seconds' where not evaluated`,
    );
    const both = await Promise.all([TestIngest.start(), TestIngest.start()]);
    await eventually(async () => (await unevaluated()) === 0 || undefined);
    expect(await patient.alarms()).toHaveLength(1);
    await both[1].stop();
    ingest = both[0];
  }, 40_000);
});
