import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { uuidv7 } from 'uuidv7';
import { eventually } from '../testing/eventually.js';
import { TestHospital, type TestDevice, type TestGateway } from '../testing/test-hospital.js';
import { TestIngest } from '../testing/test-ingest.js';

let ingest: TestIngest;
let hospital: TestHospital;
let gateway: TestGateway;
let device: TestDevice;

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
  [device] = (await hospital.addDevices(gateway, 1)) as [TestDevice];
});

interface AlarmRow {
  readonly id: string;
  readonly rule: string;
  readonly kind: string;
  readonly state: string;
  readonly priority: string;
  readonly value: number;
  readonly limit_value: number | null;
  readonly started: string;
  readonly suppression_id: string | null;
}

/** Those of limits; a worker of the stack may have told somebody of them by now. */
const alarms = (patientId = device.patientId): Promise<AlarmRow[]> =>
  hospital.rows(
    `select id, rule, kind, case state when 'notified' then 'raised' else state end as state, priority, value, limit_value,
            suppression_id,
            (extract(epoch from started_at) * 1000)::bigint::text as started
       from {schema}.alarm where patient_id = $1 and kind <> 'score' order by started_at, rule`,
    [patientId],
  );
const told = (alarmId: string): Promise<string[]> =>
  hospital
    .rows<{ type: string }>(
      `select type from public.outbox_event where payload ->> 'id' = $1 and type in ('alarm.raised', 'alarm.suppressed', 'alarm.resolved') order by id`,
      [alarmId],
    )
    .then((rows) => rows.map(({ type }) => type));
const noted = (alarmId: string): Promise<string[]> =>
  hospital
    .rows<{ kind: string }>(
      `select kind from {schema}.alarm_event where alarm_id = $1 and kind in ('raised', 'suppressed', 'resolved') order by id`,
      [alarmId],
    )
    .then((rows) => rows.map(({ kind }) => kind));
const becomes = (state: string, patientId = device.patientId): Promise<AlarmRow> =>
  eventually(async () => (await alarms(patientId)).find((alarm) => alarm.state === state));
const forgotten = (): Promise<true> => eventually(async () => (await alarms()).length === 0 || undefined);

/** Readings so many seconds before now, in one batch. */
const send = async (...readings: readonly (readonly [secondsAgo: number, values: object])[]): Promise<void> => {
  const now = Date.now();
  const sent = readings.map(([ago, values]) => ({ d: device.name, t: now - ago * 1_000, ...values }));
  expect((await ingest.post(gateway.key, { readings: sent })).status).toBe(200);
};
const setLimit = (vital: string, change: Readonly<Record<string, string | number | null>>): Promise<unknown> => {
  const limit = { id: uuidv7(), vital, priority: 'high', persist_seconds: 0, hysteresis: 0, ...change };
  const columns = Object.keys(limit);
  return hospital.rows(
    `insert into {schema}.alarm_limit (${columns.join(', ')}) values (${columns.map((_, i) => `$${i + 1}`).join(', ')})`,
    Object.values(limit),
  );
};

describe('a value beyond a limit', () => {
  it('is an alarm when its reading is answered, with the event that tells of it', async () => {
    await send([1, { sys: 60, dia: 40 }]);
    const [alarm] = await alarms();
    expect(alarm).toMatchObject({
      rule: 'systolic-low',
      kind: 'limit',
      state: 'raised',
      priority: 'high',
      value: 60,
      limit_value: 80,
    });
    expect(await noted(alarm?.id ?? '')).toEqual(['raised']);
    const [event] = await hospital.rows(
      `select type, hospital_id, payload from public.outbox_event where payload ->> 'id' = $1 and type = 'alarm.raised'`,
      [alarm?.id],
    );
    expect(event).toEqual({
      type: 'alarm.raised',
      hospital_id: hospital.hospital.id,
      payload: { id: alarm?.id, wardId: hospital.wardId, priority: 'high' },
    });
    expect(await ingest.metric('alarms_raised_total')).toBeGreaterThanOrEqual(1);
  });

  it('is one alarm however often it is measured, and one for each rule', async () => {
    await send([3, { sys: 60, dia: 40 }], [2, { sys: 61, dia: 40 }]);
    await send([1, { sys: 59, dia: 40, asys: 230, adia: 90 }]);
    await send([8, { asys: 230, adia: 90 }]);
    expect((await alarms()).map(({ rule, state }) => [rule, state])).toEqual([
      ['arterialSystolic-high', 'raised'],
      ['systolic-low', 'raised'],
    ]);
  });

  it('is no alarm when it came more than 10 minutes late', async () => {
    await send([601, { sys: 60, dia: 40 }], [599, { sys: 210, dia: 40 }]);
    expect((await alarms()).map(({ rule }) => rule)).toEqual(['systolic-high']);
  });

  it('is none at the limit itself, nor without a patient, nor of one who died', async () => {
    await send([1, { sys: 80, dia: 40 }]);
    await hospital.rows('update {schema}.patient set deceased_at = now() where id = $1', [device.patientId]);
    await send([1, { sys: 60, dia: 40 }]);
    expect(await alarms()).toEqual([]);
  });

  it('is judged by the limit of the patient, else of the ward, else of the hospital, from the next reading on', async () => {
    await setLimit('respiratoryRate', { low: 8, high: 30, priority: 'medium' });
    await send([5, { rr: 35 }]);
    expect(await alarms()).toMatchObject([{ rule: 'respiratoryRate-high', priority: 'medium', limit_value: 30 }]);
    [device] = (await hospital.addDevices(gateway, 1)) as [TestDevice];
    await setLimit('respiratoryRate', { low: 8, high: 40, ward_id: hospital.wardId });
    await send([4, { rr: 35 }]);
    expect(await alarms()).toEqual([]);
    await setLimit('respiratoryRate', { low: 8, high: 20, patient_id: device.patientId });
    await send([3, { rr: 35 }]);
    expect(await alarms()).toMatchObject([{ rule: 'respiratoryRate-high', limit_value: 20 }]);
    await setLimit('systolic', { low: null, high: null, patient_id: device.patientId });
    await send([2, { sys: 60, dia: 40 }]);
    expect(await alarms()).toHaveLength(1);
  });

  it('that is doubtful is an alarm of the device, not of the patient', async () => {
    await send([7, { hr: 0, spo2: 97 }], [1, { hr: 0, spo2: 97 }]);
    expect(await alarms()).toMatchObject([
      { rule: 'heartRate-doubtful', kind: 'technical', state: 'raised', priority: 'medium' },
    ]);
  });

  it('goes to the ward its patient was moved to, though its device is of the one before', async () => {
    const [there, [worn]] = [uuidv7(), await hospital.addDevices(gateway, 1)];
    await hospital.rows(`insert into {schema}.ward (id, code, name) values ($1::uuid, 'W2', 'Ward 2')`, [there]);
    await hospital.rows(
      `update {schema}.device_assignment set patient_id = $1, ward_id = $2
        where device_id = (select id from {schema}.device where device_no = $3)`,
      [device.patientId, there, worn?.no],
    );
    await send([1, { sys: 60, dia: 40 }]);
    await eventually(
      async () =>
        (await hospital.count('alarm', 'patient_id = $1 and ward_id = $2', [device.patientId, there])) || undefined,
      20_000,
    );
  }, 30_000);

  it('is on the list but told to nobody while alarms of the patient are suppressed', async () => {
    await hospital.rows(
      `insert into {schema}.alarm_suppression (id, patient_id, rule, reason, ends_at, created_by)
       values ($1, $2, 'systolic-low', 'turning', now() + interval '5 minutes', $1)`,
      [uuidv7(), device.patientId],
    );
    await send([1, { sys: 60, dia: 40, asys: 60, adia: 40 }], [7, { asys: 60, adia: 40 }]);
    const [, suppressed] = await alarms();
    expect(suppressed).toMatchObject({ rule: 'systolic-low', state: 'raised' });
    expect(suppressed?.suppression_id).not.toBeNull();
    expect([await noted(suppressed?.id ?? ''), await told(suppressed?.id ?? '')]).toEqual([
      ['suppressed'],
      ['alarm.suppressed'],
    ]);
    expect((await alarms())[0]).toMatchObject({ rule: 'arterialSystolic-low', suppression_id: null });
  });
});

describe('a limit with persistence', () => {
  it('raises once values were beyond it for that long by their own times', async () => {
    await send([6, { spo2: 80 }]);
    expect(await alarms()).toMatchObject([{ rule: 'spo2-low', state: 'pending' }]);
    await send([1, { spo2: 80 }]);
    expect(await alarms()).toMatchObject([{ rule: 'spo2-low', state: 'raised' }]);
  });

  it('raises within one batch that says it, and not when a value between contradicts it', async () => {
    await send([8, { spo2: 80 }], [5, { spo2: 86 }], [2, { spo2: 80 }]);
    expect(await alarms()).toMatchObject([{ state: 'pending' }]);
    await send([1, { spo2: 95 }]);
    await forgotten();
    await send([0.5, { spo2: 80 }]);
    expect(await alarms()).toMatchObject([{ state: 'pending' }]);
  });

  it('raises when nothing more is heard', async () => {
    const began = performance.now();
    await send([0, { spo2: 70 }]);
    await becomes('raised');
    expect(performance.now() - began).toBeGreaterThan(4_500);
    expect(performance.now() - began).toBeLessThan(9_000);
  }, 15_000);

  it('forgets what a normal value contradicts, and nobody hears of it', async () => {
    await send([3, { spo2: 80 }], [2, { spo2: 97 }]);
    const [pending] = await alarms();
    await forgotten();
    expect(await told(pending?.id ?? '')).toEqual([]);
  });
});

describe('an episode', () => {
  it('ends after 30 s of values inside the limit by the hysteresis', async () => {
    await send([100, { sys: 60, dia: 40 }], [90, { sys: 83, dia: 40 }], [30, { sys: 84, dia: 40 }]);
    await send([29, { sys: 85, dia: 40 }], [1, { sys: 90, dia: 40 }]);
    await eventually(async () => (await noteOfNormal()) ?? undefined);
    expect(await alarms()).toMatchObject([{ state: 'raised' }]);
    await send([-1.5, { sys: 83, dia: 40 }], [-2, { sys: 90, dia: 40 }]);
    const alarm = await becomes('resolved');
    expect([await noted(alarm.id), await told(alarm.id)]).toEqual([
      ['raised', 'resolved'],
      ['alarm.raised', 'alarm.resolved'],
    ]);
  });

  it('goes on when it was seen again before that', async () => {
    await send([60, { sys: 60, dia: 40 }], [50, { sys: 100, dia: 40 }], [30, { sys: 60, dia: 40 }]);
    await send([25, { sys: 100, dia: 40 }], [1, { sys: 100, dia: 40 }]);
    await eventually(async () => (await noteOfNormal()) ?? undefined);
    expect(await alarms()).toMatchObject([{ state: 'raised' }]);
  });

  it('that is over is not raised again by a reading that comes twice, but by a new one', async () => {
    const spell = [
      [60, { sys: 60, dia: 40 }],
      [50, { sys: 100, dia: 40 }],
      [10, { sys: 100, dia: 40 }],
    ] as const;
    const now = Date.now();
    const readings = spell.map(([ago, values]) => ({ d: device.name, t: now - ago * 1_000, ...values }));
    await ingest.post(gateway.key, { readings });
    await becomes('resolved');
    const again = await ingest.post(gateway.key, { batch: uuidv7(), readings });
    expect(again.body).toMatchObject({ duplicates: 3 });
    expect(await alarms()).toHaveLength(1);
    const fresh = { d: device.name, t: now, sys: 60, dia: 40 };
    await ingest.post(gateway.key, { batch: uuidv7(), readings: [...readings, fresh] });
    expect((await alarms()).map(({ state }) => state)).toEqual(['resolved', 'raised']);
  });

  const noteOfNormal = async (): Promise<true | undefined> =>
    (await hospital.count('alarm', 'patient_id = $1 and normal_since is not null', [device.patientId])) > 0 ||
    undefined;
});

describe('alarms and the transaction of their readings', () => {
  it('raises none of a reading the database refuses, and those of the others', async () => {
    const trigger = (work: string): Promise<unknown> => hospital.rows(work);
    await trigger(`create function {schema}.refuse() returns trigger language plpgsql as
      $$ begin if new.heart_rate = 77 then raise exception using errcode = '22000'; end if; return new; end $$`);
    await trigger(
      'create trigger refuse before insert on {schema}.vitals for each row execute function {schema}.refuse()',
    );
    const [one, two] = (await hospital.addDevices(gateway, 2)) as [TestDevice, TestDevice];
    const t = Date.now();
    const answer = await ingest.post(gateway.key, {
      readings: [
        { d: one.name, t, hr: 77, sys: 60, dia: 40 },
        { d: two.name, t, hr: 78, sys: 60, dia: 40 },
      ],
    });
    await trigger('drop trigger refuse on {schema}.vitals');
    expect(answer.body).toMatchObject({ accepted: 1, rejected: [{ i: 0, code: 'not_storable' }] });
    expect(await alarms(one.patientId)).toEqual([]);
    expect(await alarms(two.patientId)).toMatchObject([{ state: 'raised' }]);
  });

  it('raises the alarm of a reading that is merged with one stored before', async () => {
    const t = Date.now() - 1_000;
    const post = (values: object) => ingest.post(gateway.key, { readings: [{ d: device.name, t, ...values }] });
    await post({ hr: 70 });
    expect((await post({ sys: 60, dia: 40 })).body).toMatchObject({ duplicates: 1 });
    expect(await alarms()).toMatchObject([{ rule: 'systolic-low', state: 'raised' }]);
  });

  it('raises one alarm of a patient whose readings several flushes store at once', async () => {
    const devices = await hospital.addDevices(gateway, 5);
    for (const { name } of devices) await hospital.reassign(name, device.patientId, new Date(Date.now() - 60_000));
    const t = Date.now();
    // Those that would wait long are refused and come again.
    const store = (i: number): Promise<true> =>
      eventually(async () => {
        const reading = { d: devices[i % 5]?.name, t: t - i, sys: 60, dia: 40, asys: 230, adia: 20 };
        const { status } = await ingest.post(gateway.key, { readings: [reading] });
        return [200, 503].includes(status) ? status === 200 || undefined : Promise.reject(new Error(`${status}`));
      });
    await Promise.all(Array.from({ length: 60 }, (_, i) => store(i)));
    expect((await alarms()).map(({ rule }) => rule).sort()).toEqual(['arterialSystolic-high', 'systolic-low']);
  });
});
