import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { schemaSql, type Hospital, type TenantTx } from '@hms/database';
import type { Mail } from '../../../platform/mail/mail.js';
import { TestAlarms } from '../../../testing/test-alarms.js';
import { TestApi, type TestCaller } from '../../../testing/test-api.js';
import { asOwner, createTestHospital, dropTestHospital } from '../../../testing/test-hospital.js';
import { TestWards } from '../../../testing/test-ward.js';
import type { AlarmSweep } from './alarm-sweep.service.js';
import { TellingRepository, type DueAlarm } from './telling.repository.js';
import { AgendaOf, suspend, sweepOf } from './testing/sweeping.js';

let api: TestApi;
let hospital: Hospital;
let wards: TestWards;
let alarms: TestAlarms;
let ward: string;
let patientId: string;
let sweep: AlarmSweep;
let nurse: TestCaller;
let doctor: TestCaller;
let mails: { readonly id: string; readonly to: string; readonly mail: Mail }[];
/** What the mail server does with the next mail. */
let refuses = false;

const mailer = {
  send: (mail: Mail, { to, id }: { to: { address: string }; id: string }) => {
    mails.push({ id, to: to.address, mail });
    return refuses ? Promise.reject(new Error('the server is away')) : Promise.resolve();
  },
};

beforeAll(async () => {
  api = await TestApi.start();
});

beforeEach(async () => {
  [mails, refuses] = [[], false];
  hospital = await createTestHospital();
  wards = new TestWards(hospital);
  alarms = new TestAlarms(wards);
  ward = await wards.ward('Ward 7');
  const [bed, monitor] = [await wards.bed(ward, '12'), await wards.device()];
  patientId = await wards.patient('Otieno');
  await wards.assign(monitor.deviceId, patientId, { wardId: ward, bedId: bed });
  nurse = await api.signIn({ hospital, role: 'nurse', wardIds: [ward] });
  doctor = await api.signIn({ hospital, role: 'doctor' });
  await suspend(hospital);
  sweep = fresh();
});

afterEach(() => dropTestHospital(hospital));

afterAll(async () => {
  await api.close();
});

/** Of a worker that has not failed at anything yet. */
const fresh = () => sweepOf(api.application.nest, { agenda: new AgendaOf(hospital), mailer });
const raise = (rule = 'spo2-low') => alarms.raise({ patientId, wardId: ward, rule });
const told = (level: number, channel: string, { id }: { id: string }) => `${level} ${channel} ${id}`;
const next = async (id: string) => {
  await alarms.makeDue(id);
  await sweep.run();
};
const acknowledge = (id: string) =>
  wards.query(`update {schema}.alarm set state = 'acknowledged', acknowledged_by = $2 where id = $1`, [id, nurse.id]);
const suppress = (endsAt = new Date(Date.now() + 3_600_000)) =>
  wards.query(
    `insert into {schema}.alarm_suppression (id, patient_id, reason, ends_at, created_by)
     values (gen_random_uuid(), $1, 'Being turned', $2, $1)`,
    [patientId, endsAt],
  );

describe('an alarm that is raised', () => {
  it('is told to those who hold the role, work on the ward and are active, and to nobody else', async () => {
    await api.signIn({ hospital, role: 'nurse', wardIds: [await wards.ward()] });
    const [gone, everywhere] = [
      await api.signIn({ hospital, role: 'nurse' }),
      await api.signIn({ hospital, role: 'nurse' }),
    ];
    await asOwner((o) => o.query('update public.membership set disabled_at = now() where user_id = $1', [gone.id]));
    const id = await raise();
    await sweep.run();
    expect(await alarms.told(id)).toEqual([told(0, 'live', nurse), told(0, 'live', everywhere)].sort());
    expect(await alarms.history(id)).toEqual(['notified:0']);
    const { state, due } = await alarms.stateOf(id);
    expect(state).toBe('notified');
    expect(Math.round(((due?.getTime() ?? 0) - Date.now()) / 10_000)).toBe(12);
    const events = await wards.query('select type, payload from public.outbox_event where hospital_id = $1', [
      hospital.id,
    ]);
    expect(events).toEqual([{ type: 'alarm.notified', payload: { id, wardId: ward, priority: 'high' } }]);
  });

  it('is told to further people, step by step, by mail too, until somebody acknowledges', async () => {
    const admin = await api.signIn({ hospital, role: 'hospital_admin' });
    const id = await raise();
    await sweep.run();
    await next(id);
    expect(await alarms.told(id)).toContain(told(1, 'live', doctor));
    expect(mails).toEqual([]);
    await next(id);
    await sweep.run();
    expect(mails.map(({ to }) => to)).toEqual([doctor.email]);
    await next(id);
    await sweep.run();
    expect(mails.map(({ to }) => to).sort()).toEqual([admin.email, doctor.email, doctor.email].sort());
    expect(await alarms.history(id)).toEqual(['notified:0', 'escalated:1', 'escalated:2', 'escalated:3']);
    await acknowledge(id);
    await sweep.run();
    expect([(await alarms.stateOf(id)).due, mails.length]).toEqual([null, 3]);
  });

  it('is told by a mail that says where, and neither who nor what', async () => {
    const id = await raise();
    for (let step = 0; step < 3; step++) await next(id);
    const mail: Mail = mails[0]?.mail ?? { subject: '', paragraphs: [] };
    expect(mail.link).toMatch(new RegExp(`/alarms/${id}$`));
    const text = [mail.subject, ...mail.paragraphs].join('\n').replace(/\d{4}-\S+Z/g, 'then');
    expect(text).toContain('Ward 7, bed 12');
    for (const hidden of ['Otieno', patientId, 'spo2', '82', '85']) expect(text).not.toContain(hidden);
  });

  it('goes on at once where nobody holds the role, and its history says that nobody was there', async () => {
    await asOwner((o) => o.query('update public.membership set revoked_at = now() where user_id = $1', [nurse.id]));
    const id = await raise();
    await sweep.run();
    expect(await alarms.history(id)).toEqual(['notified:0', 'escalated:1']);
    expect(await alarms.told(id)).toEqual([told(1, 'live', doctor)]);
    const [first] = await wards.query(
      `select detail -> 'told' as told from {schema}.alarm_event where alarm_id = $1 order by id limit 1`,
      [id],
    );
    expect(first).toEqual({ told: [] });
  });

  it('that nobody at all can be told of stays due', async () => {
    await asOwner((o) =>
      o.query('update public.membership set revoked_at = now() where hospital_id = $1', [hospital.id]),
    );
    const id = await raise();
    await sweep.run();
    expect(await alarms.history(id)).toEqual(['notified:0', 'escalated:1', 'escalated:2', 'escalated:3']);
    const { state, due } = await alarms.stateOf(id);
    expect([state, due !== null && due.getTime() > Date.now()]).toEqual(['notified', true]);
  });
});

describe.each([
  ['died', 'patient-deceased', 'deceased_at = now()'],
  ['was deleted', 'patient-deleted', `deleted_at = now(), deleted_reason = 'test'`],
])('the alarms of a patient who %s', (_what, cause, change) => {
  const leave = () => wards.query(`update {schema}.patient set ${change} where id = $1`, [patientId]);
  const causes = () =>
    wards.query<{ kind: string; cause: string }>(
      `select kind, detail ->> 'cause' as cause from {schema}.alarm_event where kind = 'resolved'`,
    );

  it('end with that as their cause, whatever their state, and those of others do not', async () => {
    const open = [await raise(), await alarms.raise({ patientId, wardId: ward, rule: 'news2', kind: 'score' })];
    await sweep.run();
    open.push(await raise('systolic-low'), await raise('heartRate-high'));
    await acknowledge(open[3] ?? '');
    await alarms.raise({ patientId, wardId: ward, rule: 'etco2-low', state: 'pending' });
    const other = await alarms.raise({ patientId: await wards.patient(), wardId: ward });
    await leave();
    for (const id of open) expect(await alarms.stateOf(id)).toMatchObject({ state: 'resolved', due: null });
    expect((await alarms.stateOf(other)).state).toBe('raised');
    expect(await wards.query(`select state from {schema}.alarm where rule = 'etco2-low'`)).toEqual([]);
    expect(await causes()).toEqual(open.map(() => ({ kind: 'resolved', cause })));
    const events = await wards.query(
      `select payload ->> 'id' as id from public.outbox_event where hospital_id = $1 and type = 'alarm.resolved'`,
      [hospital.id],
    );
    expect(events.map(({ id }) => id as string).sort()).toEqual(open.toSorted());
  });

  it('that are raised at that moment are told to nobody, and end', async () => {
    await leave();
    const id = await raise();
    await sweep.run();
    expect([(await alarms.stateOf(id)).state, await alarms.history(id)]).toEqual(['resolved', ['resolved']]);
    expect(await causes()).toEqual([{ kind: 'resolved', cause }]);
    // By the time of its device.
    expect(await wards.query('select ended_at = last_seen_at as seen from {schema}.alarm')).toEqual([{ seen: true }]);
  });
});

describe('an alarm whose patient is moved to another ward', () => {
  let there: string;
  let nurseThere: TestCaller;
  const move = async () => {
    const { deviceId } = await wards.device();
    await wards.assign(deviceId, patientId, { wardId: there, valid: `[${new Date().toISOString()},)` });
  };
  const wardOf = async (id: string) =>
    (await wards.query<{ ward: string }>('select ward_id as ward from {schema}.alarm where id = $1', [id]))[0]?.ward;

  beforeEach(async () => {
    there = await wards.ward('Ward 8');
    nurseThere = await api.signIn({ hospital, role: 'nurse', wardIds: [there] });
  });

  it('is told there from the first step on, and both wards hear that it moved', async () => {
    const id = await raise();
    await sweep.run();
    await next(id);
    await move();
    await sweep.run();
    expect(await wardOf(id)).toBe(there);
    expect(await alarms.history(id)).toEqual(['notified:0', 'escalated:1', 'moved', 'notified:0']);
    expect(await alarms.told(id)).toContain(told(0, 'live', nurseThere));
    expect(await alarms.stateOf(id)).toMatchObject({ state: 'notified', level: 0 });
    const heard = await wards.query<{ ward: string }>(
      `select payload ->> 'wardId' as ward from public.outbox_event where hospital_id = $1 and type = 'alarm.moved'`,
      [hospital.id],
    );
    expect(heard.map(({ ward }) => ward).sort()).toEqual([ward, there].sort());
    const [event] = await wards.query(`select detail from {schema}.alarm_event where kind = 'moved'`);
    expect(event).toEqual({ detail: { fromWardId: ward, toWardId: there } });
  });

  it('stays with whoever acknowledged it, and one that is over where it was', async () => {
    const [id, over] = [
      await raise(),
      await alarms.raise({ patientId, wardId: ward, rule: 'news2', state: 'resolved' }),
    ];
    await acknowledge(id);
    await move();
    await sweep.run();
    expect([await wardOf(id), await wardOf(over)]).toEqual([there, ward]);
    expect(await alarms.stateOf(id)).toMatchObject({ state: 'acknowledged', by: nurse.id });
    expect([await alarms.history(id), await alarms.told(id)]).toEqual([['moved'], []]);
  });
});

describe('a suppression', () => {
  it('keeps an alarm that is raised meanwhile from being told until it ends', async () => {
    await suppress();
    const id = await raise();
    await sweep.run();
    expect([await alarms.history(id), await alarms.told(id)]).toEqual([['suppressed'], []]);
    expect((await alarms.stateOf(id)).state).toBe('raised');
    await wards.query('update {schema}.alarm_suppression set ends_at = now()');
    await next(id);
    expect(await alarms.history(id)).toEqual(['suppressed', 'unsuppressed', 'notified:0']);
  });

  it('keeps a mail that was due from being sent', async () => {
    const id = await raise();
    for (let step = 0; step < 2; step++) await next(id);
    refuses = true;
    await next(id);
    refuses = false;
    await suppress();
    await wards.query('update {schema}.alarm_notification set due_at = now() where due_at is not null');
    const tried = mails.length;
    await fresh().run();
    const [mail] = await wards.query<{ outcome: string }>(
      `select outcome from {schema}.alarm_notification where channel = 'mail'`,
    );
    expect([mail?.outcome, mails.length]).toEqual(['suppressed', tried]);
  });
});

describe('a mail', () => {
  /** An alarm whose first mail the server refused once. */
  const refusedOnce = async () => {
    const id = await raise();
    refuses = true;
    for (let step = 0; step < 3; step++) await next(id);
    refuses = false;
    expect(mails).toHaveLength(1);
    await wards.query('update {schema}.alarm_notification set due_at = now() where due_at is not null');
    return id;
  };

  it('that the server refused, or whose sender died, is sent again with the same id', async () => {
    await refusedOnce();
    await fresh().run();
    const [first, second] = mails;
    expect(second).toEqual(first);
    await wards.query('update {schema}.alarm_notification set due_at = null where due_at is not null');
    await sweep.run();
    expect(mails).toHaveLength(2);
  });

  it('is not needed once somebody acknowledged, nor for whoever left', async () => {
    await acknowledge(await refusedOnce());
    await fresh().run();
    expect(mails).toHaveLength(1);
    const id = await raise('heartRate-high');
    for (let step = 0; step < 2; step++) await next(id);
    refuses = true;
    await next(id);
    refuses = false;
    await asOwner((o) => o.query('update public.membership set revoked_at = now() where user_id = $1', [doctor.id]));
    await wards.query('update {schema}.alarm_notification set due_at = now() where due_at is not null');
    await fresh().run();
    const outcomes = await wards.query<{ outcome: string }>(
      `select outcome from {schema}.alarm_notification where channel = 'mail' order by id`,
    );
    expect([outcomes.map(({ outcome }) => outcome), mails.length]).toEqual([['answered', 'not-a-member'], 2]);
  });
});

describe('several workers at once', () => {
  const race = async (telling: TellingRepository) => {
    const ids = await Promise.all(Array.from({ length: 20 }, (_, i) => raise(`rule-${i}`)));
    const parts = { agenda: new AgendaOf(hospital), mailer, telling };
    const workers = Array.from({ length: 3 }, () => sweepOf(api.application.nest, parts));
    await Promise.all(workers.map((worker) => worker.run()));
    return Promise.all(ids.map((id) => alarms.history(id)));
  };

  it('tell each alarm once', async () => {
    expect(await race(new TellingRepository())).toEqual(Array<string[]>(20).fill(['notified:0']));
  });

  it('would tell some twice if the row did not decide (control)', async () => {
    class Unlocked extends TellingRepository {
      override async lockDue(tx: TenantTx, id: string): Promise<DueAlarm | undefined> {
        const [alarm] = await tx.$queryRaw<DueAlarm[]>`
          select id, rule, patient_id as "patientId", ward_id as "wardId", priority, 'raised' as state,
                 escalation_level as "escalationLevel", escalate_at as "escalateAt", null as "suppressionId",
                 null as over
            from ${schemaSql(tx.hospital)}.alarm where id = ${id}::uuid and escalate_at is not null`;
        return alarm;
      }
    }
    const histories = await race(new Unlocked());
    expect(histories.some((history) => history.length > 1)).toBe(true);
  });
});

describe('acknowledging while it escalates', () => {
  it('ends in acknowledged, and nobody is told afterwards', async () => {
    for (let round = 0; round < 10; round++) {
      const id = await raise(`rule-${round}`);
      await Promise.all([sweep.run(), acknowledge(id)]);
      const before = await alarms.told(id);
      await sweep.run();
      expect(await alarms.stateOf(id)).toMatchObject({ state: 'acknowledged', due: null, by: nurse.id });
      expect(await alarms.told(id)).toEqual(before);
    }
  });
});
