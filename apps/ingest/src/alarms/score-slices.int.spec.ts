import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { eventually } from '../testing/eventually.js';
import { type TestDevice, TestHospital, type TestGateway } from '../testing/test-hospital.js';
import { TestIngest } from '../testing/test-ingest.js';
import { ill, well } from '../testing/test-scores.js';

/** More than are scored in one transaction. */
const patients = 60;

let ingest: TestIngest;
let hospital: TestHospital;
let gateway: TestGateway;
let devices: TestDevice[];

beforeAll(async () => {
  hospital = await TestHospital.create();
  gateway = await hospital.addGateway();
}, 60_000);

afterAll(() => hospital.drop());

/** The process knows all of them as well. */
beforeEach(async () => {
  ingest = await TestIngest.start();
  devices = await hospital.addDevices(gateway, patients);
  await hospital.rows(`update {schema}.patient set birth_date = '1960-01-01'`);
  await send(2, well);
  await eventually(async () => (await ofThem('score_result', 'total = 0')) === patients || undefined);
}, 60_000);

async function send(secondsAgo: number, values: object): Promise<void> {
  const t = Date.now() - secondsAgo * 1_000;
  const { status } = await ingest.post(gateway.key, {
    readings: devices.map(({ name }) => ({ d: name, t, ...values })),
  });
  if (status !== 200) throw new Error(`status ${status}`);
}

const ofThem = (table: string, where: string, of = devices): Promise<number> =>
  hospital.count(table, `patient_id = any ($1) and ${where}`, [of.map(({ patientId }) => patientId)]);
const open = (of?: TestDevice[]): Promise<number> => ofThem('alarm', `kind = 'score' and state <> 'resolved'`, of);

/** All fall ill at once, while somebody holds the first one's score for longer than a transaction waits for it. */
async function whileFirstFails(work: () => Promise<void>): Promise<void> {
  await hospital.rows('begin');
  try {
    await hospital.rows('select from {schema}.score_mark where patient_id = $1 for update', [devices[0]?.patientId]);
    await send(1, ill);
    await work();
  } finally {
    await hospital.rows('rollback');
  }
}

afterEach(() => ingest.stop());

describe('when the first of many who fall ill cannot be scored', () => {
  it('the others are, without waiting for it', async () => {
    await whileFirstFails(async () => {
      await eventually(async () => (await open(devices.slice(50))) === patients - 50 || undefined, 4_000);
    });
  }, 20_000);

  it('all are once it can be', async () => {
    await whileFirstFails(async () => {
      await eventually(() => Promise.resolve(ingest.log.includes('scores not written yet') || undefined));
    });
    await eventually(async () => (await hospital.count('telemetry_flush', 'not evaluated')) === 0 || undefined);
    expect(await open()).toBe(patients);
  }, 20_000);
});
