import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { Hospital } from '@hms/database';
import { auditRows } from '../../../testing/audit-rows.js';
import { TestAlarms } from '../../../testing/test-alarms.js';
import { TestApi, type TestCaller } from '../../../testing/test-api.js';
import { asOwner, createTestHospital, dropTestHospital, isWaitedFor } from '../../../testing/test-hospital.js';
import { TestWards } from '../../../testing/test-ward.js';
import { until } from '../../../testing/until.js';
import type { AlarmDetailDto, AlarmDto, AlarmNoteDto, AlarmPageDto } from './alarms.dto.js';

let api: TestApi;
let hospital: Hospital;
let wards: TestWards;
let alarms: TestAlarms;
let ward: string;
let patientId: string;
let nurse: TestCaller;
let doctor: TestCaller;

beforeAll(async () => {
  api = await TestApi.start();
  hospital = await createTestHospital();
  wards = new TestWards(hospital);
  alarms = new TestAlarms(wards);
  [nurse, doctor] = [await api.signIn({ hospital, role: 'nurse' }), await api.signIn({ hospital, role: 'doctor' })];
});

beforeEach(async () => {
  ward = await wards.ward('Ward 7');
  ({ patientId } = await wards.monitored(ward, 'Otieno'));
});

afterAll(async () => {
  await api.close();
  await dropTestHospital(hospital);
});

interface Refusal {
  readonly code: string;
}
const get = <T = Refusal>(url: string, caller = nurse) => api.send<T>({ method: 'GET', url: `/api/v1${url}` }, caller);
const post = <T = AlarmDto>(url: string, payload: object = {}, caller = nurse) =>
  api.send<T>({ method: 'POST', url: `/api/v1${url}`, payload }, caller);
const list = async (query = '', caller = nurse) =>
  (await get<AlarmPageDto>(`/alarms?wardId=${ward}${query}`, caller)).body.items;
const acknowledge = <T = AlarmDto>(id: string, caller = nurse, payload: object = {}) =>
  post<T>(`/alarms/${id}/acknowledge`, payload, caller);
const minutesAgo = (minutes: number) => new Date(Date.now() - minutes * 60_000);
const published = async (id: string) => {
  const rows = await wards.query<{ type: string }>(
    `select type from public.outbox_event where payload ->> 'id' = $1 and actor_id is not null order by id`,
    [id],
  );
  return rows.map(({ type }) => type);
};

describe('the list of alarms', () => {
  it('shows open ones first, by priority and the newest first, then what is over', async () => {
    const wanted = [
      ['high', 'notified', 1],
      ['high', 'acknowledged', 9],
      ['medium', 'notified', 2],
      ['low', 'notified', 0],
      ['high', 'resolved', 3],
      ['low', 'resolved', 4],
    ] as const;
    const ids = new Map<number, string>();
    for (const i of [4, 0, 3, 5, 1, 2]) {
      const [priority, state, minutes] = wanted[i]!;
      const alarm = { patientId, wardId: ward, rule: `rule-${i}`, priority, state, raisedAt: minutesAgo(minutes) };
      ids.set(i, await alarms.raise(alarm));
    }
    const expected = wanted.map((_, i) => ids.get(i));
    expect((await list()).map(({ id }) => id)).toEqual(expected);
    const paged: string[] = [];
    for (let cursor = ''; ;) {
      const { body } = await get<AlarmPageDto>(`/alarms?wardId=${ward}&limit=1${cursor}`);
      paged.push(...body.items.map(({ id }) => id));
      if (body.nextCursor === null) break;
      cursor = `&cursor=${body.nextCursor}`;
    }
    expect(paged).toEqual(expected);
  });

  it('says whom it is about and where, and filters', async () => {
    const id = await alarms.raise({ patientId, wardId: ward, state: 'notified' });
    await alarms.raise({
      patientId,
      wardId: ward,
      rule: 'news2',
      kind: 'score',
      priority: 'medium',
      state: 'resolved',
    });
    const [first] = await list('&state=open');
    expect(first).toMatchObject({ id, rule: 'spo2-low', name: 'Test Otieno', wardName: 'Ward 7', value: 82 });
    for (const query of ['&kind=score', '&priority=medium', '&state=resolved'])
      expect((await list(query)).map(({ rule }) => rule)).toEqual(['news2']);
    expect(await list(`&since=${new Date(Date.now() + 1_000).toISOString()}`)).toEqual([]);
    expect((await get<AlarmPageDto>(`/patients/${patientId}/alarms?state=open`)).body.items).toEqual([first]);
  });

  it('keeps what is pending, of other wards or of a deleted patient to itself', async () => {
    const pending = await alarms.raise({ patientId, wardId: ward, state: 'pending' });
    const shown = await alarms.raise({ patientId, wardId: ward, rule: 'heartRate-high', state: 'notified' });
    const elsewhere = await api.signIn({ hospital, role: 'nurse', wardIds: [await wards.ward()] });
    expect((await list()).map(({ id }) => id)).toEqual([shown]);
    expect(await list('', elsewhere)).toEqual([]);
    for (const [id, caller] of [
      [pending, nurse],
      [shown, elsewhere],
      [crypto.randomUUID(), nurse],
    ] as const) {
      expect((await get(`/alarms/${id}`, caller)).body.code).toBe('alarm.not-found');
      expect((await acknowledge<Refusal>(id, caller)).body.code).toBe('alarm.not-found');
    }
    await wards.query(`update {schema}.patient set deleted_at = now(), deleted_reason = 'test' where id = $1`, [
      patientId,
    ]);
    expect(await list()).toEqual([]);
  });

  it('shows an open alarm to the ward its patient is moved to, and to no other any more', async () => {
    const id = await alarms.raise({ patientId, wardId: ward, state: 'notified' });
    const over = await alarms.raise({ patientId, wardId: ward, rule: 'news2', kind: 'score', state: 'resolved' });
    const there = await wards.ward();
    const { deviceId } = await wards.device();
    const bedId = await wards.bed(there, '3');
    const moved = await post(`/devices/${deviceId}/assignments`, { patientId, wardId: there, bedId });
    expect(moved.status).toBe(201);
    const [before, after] = [
      await api.signIn({ hospital, role: 'nurse', wardIds: [ward] }),
      await api.signIn({ hospital, role: 'nurse', wardIds: [there] }),
    ];
    const seenBy = async (caller: TestCaller) => (await get<AlarmPageDto>('/alarms', caller)).body.items;
    expect((await seenBy(before)).map((alarm) => alarm.id)).toEqual([over]);
    expect(await seenBy(after)).toMatchObject([{ id, wardId: there, bedLabel: '3' }]);
  });

  it('opens those of one patient beyond the wards of whoever broke the glass', async () => {
    const id = await alarms.raise({ patientId, wardId: ward, state: 'notified' });
    const stranger = await api.signIn({ hospital, role: 'nurse', wardIds: [await wards.ward()] });
    expect((await get(`/patients/${patientId}/alarms`, stranger)).body.code).toBe('patient.not-found');
    await wards.query(
      `insert into {schema}.break_glass (id, patient_id, user_id, session_id, reason_code, justification, opened_at,
                                         expires_at, review_due_at)
       values (gen_random_uuid(), $1, $2, $3, 'emergency', 'Cardiac arrest next door', now(), now() + interval '1 hour',
               now() + interval '72 hours')`,
      [patientId, stranger.id, stranger.sessionId],
    );
    const { body } = await get<AlarmPageDto>(`/patients/${patientId}/alarms`, stranger);
    expect(body.items.map((alarm) => alarm.id)).toEqual([id]);
    const [row] = (await auditRows(hospital, stranger.id)).filter(({ outcome }) => outcome === 'success');
    expect(row).toMatchObject({ entity: 'alarm', entity_ids: [id], patient_ids: [patientId] });
    expect(row?.break_glass).not.toBeNull();
  });
});

describe('acknowledging', () => {
  it('says who sees to it, stops the escalation and is told', async () => {
    const id = await alarms.raise({ patientId, wardId: ward, state: 'notified' });
    const { status, body } = await acknowledge(id, nurse, { note: 'On my way' });
    expect(status).toBe(200);
    expect(body).toMatchObject({
      state: 'acknowledged',
      acknowledgedBy: { id: nurse.id, displayName: 'Test nurse' },
      escalatesAt: null,
    });
    expect(await alarms.stateOf(id)).toMatchObject({ state: 'acknowledged', due: null, by: nurse.id });
    expect(await published(id)).toEqual(['alarm.acknowledged']);
    const { body: detail } = await get<AlarmDetailDto>(`/alarms/${id}`);
    expect(detail.events).toMatchObject([
      { kind: 'acknowledged', by: { id: nurse.id, displayName: 'Test nurse' }, text: 'On my way', told: [] },
    ]);
    const audited = (await auditRows(hospital, nurse.id)).filter(({ entity_ids }) => entity_ids.includes(id));
    expect(audited.map(({ action, patient_ids }) => [action, patient_ids])).toContainEqual(['update', [patientId]]);
  });

  it('by many at once is one person’s, and everybody is told whose', async () => {
    for (let round = 0; round < 5; round++) {
      const id = await alarms.raise({ patientId, wardId: ward, rule: `rule-${round}` });
      const callers = [nurse, doctor, nurse, doctor, nurse, doctor];
      const answers = await Promise.all(callers.map((caller) => acknowledge(id, caller)));
      expect(answers.map(({ status }) => status)).toEqual(callers.map(() => 200));
      const holders = new Set(answers.map(({ body }) => body.acknowledgedBy?.id));
      expect([...holders]).toEqual([(await alarms.stateOf(id)).by]);
      expect((await alarms.history(id)).filter((kind) => kind === 'acknowledged')).toHaveLength(1);
      expect(await published(id)).toEqual(['alarm.acknowledged']);
    }
  });

  it('of what ingest ends at that moment is either before the end or refused, never after it', async () => {
    for (let round = 0; round < 10; round++) {
      const id = await alarms.raise({ patientId, wardId: ward, rule: `rule-${round}`, state: 'notified' });
      const [answer] = await Promise.all([
        acknowledge<AlarmDto & Refusal>(id),
        wards.query(
          `update {schema}.alarm set state = 'resolved', ended_at = now() where id = $1 and state <> 'resolved'`,
          [id],
        ),
      ]);
      expect([200, 'alarm.resolved']).toContain(answer.status === 200 ? 200 : answer.body.code);
      expect(await alarms.stateOf(id)).toMatchObject({
        state: 'resolved',
        by: answer.status === 200 ? nurse.id : null,
      });
    }
  });

  it('waits for whoever holds the alarm, and then sees what they did', async () => {
    const id = await alarms.raise({ patientId, wardId: ward, state: 'notified' });
    const schema = `hospital_${hospital.slug}`;
    const answer = await asOwner(async (owner) => {
      await owner.query('begin');
      await owner.query(`update ${schema}.alarm set state = 'resolved', ended_at = now() where id = $1`, [id]);
      const acknowledging = acknowledge<Refusal>(id);
      await until(() => isWaitedFor(owner));
      await owner.query('commit');
      return acknowledging;
    });
    expect(answer).toMatchObject({ status: 409, body: { code: 'alarm.resolved' } });
    expect((await alarms.stateOf(id)).by).toBeNull();
  });
});

describe('a note', () => {
  it('is added to the history, after the end too', async () => {
    const id = await alarms.raise({ patientId, wardId: ward, state: 'resolved' });
    const { status, body } = await post<AlarmNoteDto>(`/alarms/${id}/notes`, { note: 'Repositioned, recovered' });
    expect(status).toBe(201);
    expect(body).toMatchObject({ alarmId: id, patientId, authorId: nurse.id, note: 'Repositioned, recovered' });
    expect((await get<AlarmDetailDto>(`/alarms/${id}`)).body.events).toMatchObject([
      { kind: 'noted', text: 'Repositioned, recovered' },
    ]);
  });
});
