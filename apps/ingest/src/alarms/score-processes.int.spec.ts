import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { eventually } from '../testing/eventually.js';
import { TestHospital, type TestGateway } from '../testing/test-hospital.js';
import { TestIngest } from '../testing/test-ingest.js';
import { ill, TestScores, well } from '../testing/test-scores.js';

let one: TestIngest;
let other: TestIngest;
let hospital: TestHospital;
let gateway: TestGateway;
let patient: TestScores;

beforeAll(async () => {
  hospital = await TestHospital.create();
  gateway = await hospital.addGateway();
  [one, other] = await Promise.all([TestIngest.start(), TestIngest.start()]);
}, 60_000);

afterAll(async () => {
  await Promise.all([one.stop(), other.stop()]);
  await hospital.drop();
});

/** Both know the patient as well. */
beforeEach(async () => {
  patient = await TestScores.create(hospital, gateway);
  await patient.send(one, [120, well]);
  await patient.untilScore({ total: 0 });
  await patient.send(other, [119, well]);
  await patient.untilEvaluated();
});

describe('two processes that get readings of one patient', () => {
  it('score what either got', async () => {
    await patient.send(one, [100, { rr: 26 }]);
    await patient.untilScore({ total: 3 });
    await patient.send(other, [90, { sys: 95, dia: 60, temp: 38.5 }]);
    await patient.untilScore({ total: 6 });
    await patient.send(one, [80, { hr: 115 }]);
    expect(await patient.untilScore({ total: 8 })).toMatchObject({ inputs: { respiratoryRate: 26, systolic: 95 } });
    expect((await patient.alarms()).at(-1)).toMatchObject({ priority: 'high', state: 'raised' });
  });

  it('do not stay with what they saw when the other one saw something else', async () => {
    await patient.send(one, [100, ill]);
    await patient.untilOpen(1);
    // As the other one saw last, but not as things are.
    await patient.send(other, [90, well]);
    await patient.untilScore({ total: 0 });
    await patient.send(other, [50, well]);
    await patient.untilOpen(0);
    await patient.send(one, [40, ill]);
    await patient.untilOpen(1);
  });

  it('both heed what was charted, whoever was told of it', async () => {
    await patient.chart('acvpu', 2, 30);
    for (const ingest of [one, other]) {
      await patient.send(ingest, [20, { etco2: 40 }]);
      await eventually(async () => (await hospital.count('score_due')) === 0 || undefined);
    }
    await patient.untilScore({ total: 3 });
    for (const [ingest, rr, ago] of [
      [one, 22, 4],
      [other, 16, 3],
      [one, 26, 2],
      [other, 22, 1],
    ] as const) {
      await patient.send(ingest, [ago, { rr }]);
      await patient.untilScore({ total: { 22: 5, 16: 3, 26: 6 }[rr] });
    }
    expect((await patient.scores()).map(({ total }) => total)).toEqual([0, 3, 5, 3, 6, 5]);
  });

  it('record of values that come to both at once the score of all', async () => {
    for (let turn = 0; turn < 10; turn++) {
      const sick = turn % 2 === 0;
      await Promise.all([
        patient.send(one, [60 - turn * 4, { rr: sick ? 26 : 16 }]),
        patient.send(other, [60 - turn * 4, { sys: sick ? 85 : 120, dia: 60 }]),
      ]);
      await patient.untilScore({ total: sick ? 6 : 0 });
    }
  }, 60_000);
});
