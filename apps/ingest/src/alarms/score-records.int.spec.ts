import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { TestAlarms } from '../testing/test-alarms.js';
import { TestHospital, type TestDevice, type TestGateway } from '../testing/test-hospital.js';
import { recordScores, type ScoreEntry } from './score-statements.js';

let hospital: TestHospital;
let gateway: TestGateway;
let alarms: TestAlarms;
let device: TestDevice;

beforeAll(async () => {
  hospital = await TestHospital.create();
  gateway = await hospital.addGateway();
  alarms = await TestAlarms.of(hospital);
}, 60_000);

afterAll(() => hospital.drop());

beforeEach(async () => {
  [device] = (await hospital.addDevices(gateway, 1)) as [TestDevice];
});

const scored = (second: number, alarm: 'high' | 'medium' | null, total: number): ScoreEntry => ({
  patient: device.patientId,
  ward: hospital.wardId,
  profile: 'news2',
  version: '2017.1',
  at: alarms.at(second).getTime() * 1_000,
  total,
  partial: total,
  band: 'test',
  inputs: { heartRate: 115 },
  points: { heartRate: 2 },
  missing: [],
  retrospective: false,
  alarm,
  changed: true,
});
const record = (...entries: readonly ScoreEntry[]): Promise<unknown> =>
  hospital.rows(recordScores(hospital.schema, entries));
const episodes = async () =>
  (await alarms.episodes(device)).map(({ priority, state, started, ended }) => [priority, state, started, ended]);

describe('the alarm of a score', () => {
  it('that becomes high at the very time it began is another one, a microsecond later', async () => {
    await record(scored(10, 'medium', 5));
    await record(scored(10, 'high', 8));
    expect(await episodes()).toMatchObject([
      ['medium', 'resolved', 10, 10],
      ['high', 'raised', expect.closeTo(10.000001, 6), null],
    ]);
    await record(scored(10, 'high', 8));
    await record(scored(11, 'high', 9));
    expect(await episodes()).toHaveLength(2);
  });

  it('is high when another process opens a medium one at that moment', async () => {
    await alarms.session(async (other) => {
      await other.query(`begin; ${recordScores(hospital.schema, [scored(10, 'medium', 5)])}`);
      const high = record(scored(12, 'high', 8));
      await alarms.waitedFor(other);
      await other.query('commit');
      await high;
    });
    expect(await episodes()).toMatchObject([
      ['medium', 'resolved', 10, expect.closeTo(11.999999, 6)],
      ['high', 'raised', 12, null],
    ]);
  });
});
