import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { eventually } from '../testing/eventually.js';
import { TestHospital, type TestGateway } from '../testing/test-hospital.js';
import { TestIngest } from '../testing/test-ingest.js';
import { ill, TestScores, well } from '../testing/test-scores.js';

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

describe('what a score is made of', () => {
  it.each([
    ['no heart beat beside a saturation', { hr: 0 }, 'heartRate'],
    ['a saturation below 50 %', { spo2: 40 }, 'spo2'],
    ['a temperature above 43 °C', { temp: 44 }, 'temperature'],
  ])('lacks what is not to be believed: %s', async (_, doubtful, missing) => {
    await patient.send(ingest, [10, well]);
    await patient.untilScore({ total: 0 });
    await patient.send(ingest, [5, { ...well, ...doubtful }]);
    const score = await patient.untilScore({ band: 'incomplete' });
    expect(score).toMatchObject({ total: null, partial: 0, missing: [missing] });
    expect(await patient.alarms()).toEqual([]);
  });

  it('lacks it as well where the flags were not seen, as after a start', async () => {
    await patient.send(ingest, [10, { ...well, hr: 0 }]);
    await patient.untilScore({ band: 'incomplete' });
    await eventually(
      async () => (await hospital.count('vitals_latest', 'patient_id = $1', [patient.patientId])) > 0 || undefined,
    );
    await ingest.stop();
    ingest = await TestIngest.start();
    await patient.send(ingest, [5, { rr: 22 }]);
    expect(await patient.untilScore({ partial: 2 })).toMatchObject({ total: null, missing: ['heartRate'] });
  });

  it('is a heart that stands still where nothing contradicts it', async () => {
    await patient.send(ingest, [5, { ...well, hr: 0, spo2: undefined }]);
    expect(await patient.untilScore({ partial: 3 })).toMatchObject({ missing: ['spo2'] });
  });

  it('is what was charted, too, when readings come late', async () => {
    await patient.chart('acvpu', 1, 1_500);
    await patient.chart('acvpu', 0, 600);
    await eventually(async () => (await hospital.count('score_due')) === 0 || undefined);
    await patient.send(ingest, [1_200, { ...well, acvpu: undefined }]);
    await eventually(async () => (await patient.scores()).some(({ retrospective }) => retrospective) || undefined);
    const retrospective = (await patient.scores()).find((score) => score.retrospective);
    expect(retrospective).toMatchObject({ total: 3, missing: [], inputs: { acvpu: 1 } });
    expect(await patient.alarms()).toEqual([]);
  });
});

describe('a score that knows more', () => {
  it('counts, whatever the clocks of the devices say', async () => {
    await patient.send(ingest, [-20, { ...well, rr: undefined }]);
    await patient.untilScore({ band: 'incomplete' });
    await patient.send(ingest, [0, { rr: 26 }]);
    await patient.untilOpen(1);
    expect((await patient.scores()).at(-1)).toMatchObject({ total: 3, band: 'ward-review' });
  });

  it('counts after somebody charted a moment later', async () => {
    await patient.send(ingest, [10, well]);
    await patient.untilScore({ total: 0 });
    await patient.chart('oxygenFlow', 0);
    await patient.send(ingest, [9, { etco2: 40 }]);
    await eventually(async () => (await hospital.count('score_due')) === 0 || undefined);
    await patient.chart('acvpu', 1);
    await patient.send(ingest, [8, { etco2: 40 }]);
    await patient.untilScore({ total: 3 });
    await patient.send(ingest, [7, ill]);
    await patient.untilScore({ total: 11 });
    expect((await patient.alarms()).at(-1)).toMatchObject({ priority: 'high', state: 'raised' });
  });
});
