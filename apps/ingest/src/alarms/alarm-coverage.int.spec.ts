import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { eventually } from '../testing/eventually.js';
import { TestHospital, type TestDevice, type TestGateway } from '../testing/test-hospital.js';
import { TestIngest } from '../testing/test-ingest.js';

let hospital: TestHospital;
let gateway: TestGateway;

beforeAll(async () => {
  hospital = await TestHospital.create();
  gateway = await hospital.addGateway();
}, 60_000);

afterAll(() => hospital.drop());

/** Stored readings beyond a limit of which no episode knows. */
const uncovered = (): Promise<number> =>
  hospital.count(
    'vitals v',
    `v.systolic < 80 and not exists (
       select from {schema}.alarm a
        where a.patient_id = v.patient_id and a.rule = 'systolic-low' and a.raised_at is not null
          and v.recorded_at between a.started_at and coalesce(a.ended_at, 'infinity'))`.replaceAll(
      '{schema}',
      hospital.schema,
    ),
  );

describe('a service that is killed again and again under load', () => {
  it('leaves no critical reading in the table without its alarm', async () => {
    const devices: TestDevice[] = await hospital.addDevices(gateway, 40);
    let ingest = await TestIngest.start();
    let sending = true;
    const sent = devices.map(async ({ name }) => {
      while (sending) {
        const reading = { d: name, t: Date.now(), sys: 60, dia: 40 };
        await ingest.post(gateway.key, { readings: [reading] }).catch(() => delay(5));
      }
    });
    for (let round = 1; round <= 5; round++) {
      await eventually(async () => (await hospital.count('vitals')) > round * 200 || undefined);
      await ingest.kill();
      expect(await uncovered()).toBe(0);
      ingest = await TestIngest.start({ port: ingest.port });
    }
    sending = false;
    await Promise.all(sent);
    await ingest.stop();
    expect(await uncovered()).toBe(0);
    // Control: it would be seen.
    await hospital.rows(`update {schema}.alarm set started_at = now() + interval '1 hour' where rule = 'systolic-low'`);
    expect(await uncovered()).toBeGreaterThan(1_000);
  }, 60_000);
});
