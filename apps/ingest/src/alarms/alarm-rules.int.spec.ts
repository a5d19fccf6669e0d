import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { TestAlarms } from '../testing/test-alarms.js';
import { TestHospital, type TestDevice, type TestGateway } from '../testing/test-hospital.js';

let hospital: TestHospital;
let gateway: TestGateway;
let alarms: TestAlarms;
let device: TestDevice;
/** Another device on the same patient. */
let second: TestDevice;

beforeAll(async () => {
  hospital = await TestHospital.create();
  gateway = await hospital.addGateway();
  alarms = await TestAlarms.of(hospital);
}, 60_000);

afterAll(() => hospital.drop());

beforeEach(async () => {
  await hospital.rows('truncate {schema}.alarm cascade');
  const devices = (await hospital.addDevices(gateway, 2)) as [TestDevice, TestDevice];
  device = devices[0];
  second = { ...devices[1], patientId: device.patientId };
});

const states = async () => (await alarms.episodes(device)).map(({ state, started }) => [state, started]);

describe('a limit with persistence and two devices on one patient', () => {
  it('is raised though the other one never showed the breach', async () => {
    await alarms.store('spo2', ...[0, 1, 2, 3, 4, 5].map((s) => [device, s, 70] as const));
    await alarms.store('spo2', ...[0, 1, 2, 3, 4, 5].map((s) => [second, s + 0.5, 97] as const));
    expect(await alarms.note('spo2', device, 0, 5)).toBe(1);
    expect(await states()).toEqual([['raised', 0]]);
  });

  it('is raised by the sweep when nothing more is heard of the one that showed it', async () => {
    await alarms.store('spo2', [device, 0, 70], [second, 1, 97], [second, 2, 97]);
    await alarms.note('spo2', device, 0);
    await alarms.sweep();
    expect(await states()).toEqual([['pending', 0]]);
    await alarms.waited(6);
    expect(await alarms.sweep()).toMatchObject({ raised: 1 });
  });

  it('is raised for the one that shows it steadily though the other wavers', async () => {
    for (const s of [0, 1, 2, 3, 4, 5, 6]) {
      await alarms.store('spo2', [device, s, 70], [second, s + 0.5, s % 2 === 0 ? 84 : 86]);
      await alarms.note('spo2', device, s, s % 2 === 0 ? s + 0.5 : s);
      await alarms.sweep();
    }
    expect(await states()).toEqual([['raised', 0]]);
  });

  it('is forgotten when each that showed it contradicted itself', async () => {
    await alarms.store('spo2', [device, 0, 70], [second, 1, 70], [device, 2, 97], [second, 3, 97]);
    await alarms.note('spo2', device, 0, 1);
    await alarms.sweep();
    expect(await states()).toEqual([]);
  });

  it('begins anew where one that contradicted itself shows it again', async () => {
    await alarms.store('spo2', [device, 0, 70], [device, 1, 97], [device, 3, 70], [second, 4, 97]);
    await alarms.note('spo2', device, 0, 3);
    await alarms.sweep();
    expect(await states()).toEqual([['pending', 3]]);
  });
});

describe('a sweep', () => {
  it('goes on with the others where what a late episode goes on as is one that is over', async () => {
    const [other] = (await hospital.addDevices(gateway, 1)) as [TestDevice];
    await alarms.raise(device, { rule: 'spo2-low', from: 20, until: 60 });
    await alarms.store('spo2', [device, 10, 70], [device, 17, 97], [device, 20, 70], [device, 21, 70]);
    await alarms.store('spo2', [other, 0, 70]);
    await alarms.note('spo2', device, 10);
    await alarms.note('spo2', other, 0);
    await alarms.waited(6);
    expect(await alarms.sweep()).toMatchObject({ raised: 1 });
    expect(await alarms.episodes(other)).toMatchObject([{ state: 'raised' }]);
    expect(await states()).toEqual([['resolved', 20]]);
  });

  it('looks at so many alarms and says where to go on', async () => {
    const devices = await hospital.addDevices(gateway, 5);
    for (const each of devices) {
      await alarms.store('spo2', [each, 0, 70]);
      await alarms.note('spo2', each, 0);
    }
    await alarms.waited(6);
    const raised: number[] = [];
    let past: string | null = null;
    do {
      const swept = await alarms.sweep(past, 2);
      raised.push(swept?.raised ?? 0);
      past = swept?.last ?? null;
    } while (past !== null);
    expect(raised).toEqual([2, 2, 1]);
  });

  it('holds up no flush that shows an alarm it looked at and left open', async () => {
    await alarms.store('systolic', [device, 0, 60], [device, 40, 100]);
    await alarms.note('systolic', device, 0);
    await alarms.session(async (sweeping) => {
      await sweeping.query('begin; select sweep_alarms(null, 500)');
      expect((await sweeping.query('select normal_since from alarm')).rows).not.toEqual([{ normal_since: null }]);
      const noted = await alarms.session((flushing) => flushing.query(alarms.noting('systolic', device, 41)));
      expect(noted.rows).toEqual([{ raised: 0 }]);
      await sweeping.query('rollback');
    });
  });

  it('leaves open what a flush that is not committed yet shows, and ends it afterwards', async () => {
    await alarms.store('systolic', [device, 0, 60], [device, 1, 100], [device, 40, 100]);
    await alarms.note('systolic', device, 0);
    await alarms.session(async (flushing) => {
      await flushing.query(`begin; ${alarms.noting('systolic', device, 41)}`);
      await alarms.sweep();
      expect(await states()).toEqual([['raised', 0]]);
      await flushing.query('rollback');
    });
    await alarms.sweep();
    expect(await alarms.episodes(device)).toMatchObject([{ state: 'resolved', ended: 40 }]);
  });
});

describe('two flushes that show one alarm at once', () => {
  it('do not wait for each other where one of them brings its first reading late', async () => {
    await alarms.store('systolic', [device, 10, 60]);
    await alarms.note('systolic', device, 10);
    await alarms.session(async (one) => {
      await one.query(`begin; ${alarms.noting('systolic', device, 12)}`);
      await alarms.session(async (two) => {
        await two.query(`begin; ${alarms.noting('systolic', device, 5)}`);
        const both = one.query(alarms.noting('systolic', device, 3));
        await alarms.waitedFor(two);
        await two.query('commit');
        await both;
      });
      await one.query('commit');
    });
    expect(await states()).toEqual([['raised', 3]]);
  });
});
