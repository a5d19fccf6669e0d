import { randomUUID } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import { syncEntities, type SyncResponse, type SyncResult } from '@hms/contracts';
import { eventually } from '../../testing/eventually.js';
import { useSyncWards } from '../../testing/sync-wards.js';
import { type GivenOp, type TestPhone } from '../../testing/test-sync.js';

const on = useSyncWards();
const { otherWard, phone, patient } = on;

const note = (patientId: string, text = 'Slept well.'): GivenOp => ({
  entity: 'notes',
  patch: { patientId, kind: 'nursing', text },
});
const only = ({ results }: SyncResponse): SyncResult => results[0] as SyncResult;

describe('a pull', () => {
  const all = Object.keys(syncEntities);
  /** What the phone holds after it applied the answers. */
  const held = new WeakMap<TestPhone, Map<string, { _v: number; _sk: readonly string[] }>>();

  async function pullAll(one: TestPhone, options: Record<string, unknown> = {}): Promise<SyncResponse[]> {
    const answers = await one.pull(all, options);
    const rows = held.get(one) ?? new Map<string, { _v: number; _sk: readonly string[] }>();
    held.set(one, rows);
    for (const { changes, purge } of answers) {
      for (const { put, del, out } of Object.values(changes)) {
        for (const row of put) rows.set(row.id, row);
        for (const id of [...del, ...out]) rows.delete(id);
      }
      const keep = purge?.keep;
      if (keep) for (const [id, { _sk }] of rows) if (!_sk.some((key) => keep.includes(key))) rows.delete(id);
      if (purge) await one.push([], { ack: { purge: purge.ver } });
    }
    return answers;
  }
  const holds = (one: TestPhone, id: string): boolean => held.get(one)?.has(id) ?? false;
  const becomes = (one: TestPhone, id: string, wanted: boolean): Promise<unknown> =>
    eventually(async () => {
      await pullAll(one);
      return holds(one, id) === wanted || undefined;
    });

  it('sends all there is in pages, then only what changes, whoever changes it', async () => {
    const one = await phone();
    const patients = await Promise.all(Array.from({ length: 7 }, () => patient()));
    const first = await pullAll(one, { limit: 3 });
    expect(first.length).toBeGreaterThan(2);
    expect(first.flatMap(({ snapshot_done: done }) => done).sort()).toEqual([...all].sort());
    for (const id of patients) expect(holds(one, id)).toBe(true);
    await on.hospital.rows(`update {schema}.patient set given_name = 'Plain SQL' where id = $1`, [patients[0]]);
    const row = await eventually(async () => {
      const [answer] = await pullAll(one);
      return answer?.changes.patients?.put.find(({ id }) => id === patients[0]);
    });
    expect(row).toMatchObject({ givenName: 'Plain SQL', _v: 3 });
  });

  it('begins anew for who was told more than the feed has, as after the database was put back', async () => {
    const one = await phone();
    const id = await patient();
    await one.pull(['patients']);
    const cursor = JSON.parse(Buffer.from(String(one.cursors['patients']), 'base64url').toString()) as { p: number };
    const beyond = Buffer.from(JSON.stringify({ ...cursor, p: cursor.p + 1e9 })).toString('base64url');
    one.cursors = { patients: beyond };
    const [answer] = await one.pull(['patients']);
    expect(answer?.reset).toEqual([{ entity: 'patients', why: 'epoch', how: 'snapshot' }]);
    expect(answer?.changes.patients?.put.map((row) => row.id)).toContain(id);
  });

  it('shows who works on a ward the patients of that ward, as they come and go', async () => {
    const one = await phone([on.hospital.wardId]);
    const [here, elsewhere] = [await patient(), await patient(otherWard)];
    const mine = one.op(note(here));
    await one.push([mine]);
    await pullAll(one);
    expect([here, elsewhere, mine.id].map((id) => holds(one, id))).toEqual([true, false, true]);
    await on.hospital.rows('update {schema}.patient set ward_id = $2 where id = $1', [here, otherWard]);
    await becomes(one, here, false);
    await becomes(one, mine.id, false);
    await on.hospital.rows('update {schema}.patient set ward_id = $2 where id = $1', [elsewhere, on.hospital.wardId]);
    await becomes(one, elsewhere, true);
  });

  it('refuses a change to a patient who left the ward, and keeps it for a supervisor', async () => {
    const one = await phone([on.hospital.wardId]);
    const { body } = await one.push([one.op(note(await patient(otherWard)))]);
    expect(only(body)).toMatchObject({
      status: 'rejected',
      code: 'forbidden_scope',
      quarantine: expect.any(String) as unknown,
    });
    expect(JSON.stringify(body)).not.toContain('Test');
  });

  it('follows the user to another ward: what was is purged, repeatedly until that is acknowledged, what is comes', async () => {
    const one = await phone([on.hospital.wardId]);
    const [here, there] = [await patient(), await patient(otherWard)];
    await pullAll(one);
    await on.hospital.rows('update public.membership set ward_ids = array[$2::uuid] where user_id = $1', [
      one.user.userId,
      otherWard,
    ]);
    const purge = await eventually(async () => {
      const { body } = await one.push([]);
      return body.purge?.keep.includes(`ward:${otherWard}`) ? body.purge : undefined;
    });
    expect((await one.push([])).body.purge).toEqual(purge);
    expect((await one.push([], { ack: { purge: 'another' } })).body.purge).toEqual(purge);
    await pullAll(one);
    expect([here, there].map((id) => holds(one, id))).toEqual([false, true]);
    expect((await one.push([])).body.purge).toBeUndefined();
  });

  it('shows a patient for whom the glass was broken, and no other of their ward', async () => {
    const one = await phone([on.hospital.wardId]);
    const [broken, other] = [await patient(otherWard), await patient(otherWard)];
    await pullAll(one);
    await on.hospital.rows(
      `insert into {schema}.break_glass (id, patient_id, user_id, session_id, reason_code, justification, opened_at, expires_at, review_due_at)
       values ($1, $2, $3, $4, 'emergency', 'Found unresponsive at the door', now(), now() + interval '30 minutes', now() + interval '3 days')`,
      [randomUUID(), broken, one.user.userId, one.user.sessionId],
    );
    await becomes(one, broken, true);
    expect(holds(one, other)).toBe(false);
  });

  it('takes back deleted patients and all that was about them', async () => {
    const one = await phone();
    const id = await patient();
    const text = one.op(note(id));
    await one.push([text]);
    await becomes(one, text.id, true);
    await on.hospital.rows(`update {schema}.patient set deleted_at = now(), deleted_reason = 'twice' where id = $1`, [
      id,
    ]);
    await becomes(one, id, false);
    await becomes(one, text.id, false);
  });

  it('begins anew when its cursor is of another feed, and says so', async () => {
    const one = await phone();
    await pullAll(one);
    one.cursors = { ...one.cursors, patients: Buffer.from('{"f":"x"}').toString('base64url') };
    const [answer] = await pullAll(one);
    expect(answer?.reset).toEqual([{ entity: 'patients', why: 'unreadable', how: 'snapshot' }]);
    expect(answer?.snapshot_done).toContain('patients');
  });

  it('waits for news where it is asked to', async () => {
    const one = await phone();
    await pullAll(one);
    await eventually(async () =>
      (await pullAll(one)).every(({ changes }) => Object.keys(changes).length === 0) ? true : undefined,
    );
    const waiting = one.pull(['notes'], { wait_ms: 20_000 });
    const other = await phone();
    const op = other.op(note(await patient()));
    await other.push([op]);
    const [answer] = await waiting;
    expect(answer?.changes.notes?.put.map(({ id }) => id)).toContain(op.id);
  });

  it('is audited with whose rows were sent', async () => {
    const one = await phone([on.hospital.wardId]);
    const id = await patient();
    await pullAll(one);
    const read = `action = 'read' and entity = 'sync' and actor_id = $1 and $2 = any (patient_ids)`;
    expect(await on.hospital.count('audit_event', read, [one.user.userId, id])).toBeGreaterThan(0);
  });
});

it('the database and the services mean the same by what is synced', async () => {
  const rows = await on.hospital.rows('select * from sync.entity order by no');
  expect(rows).toEqual(
    Object.entries(syncEntities)
      .toSorted(([, a], [, b]) => a.no - b.no)
      .map(([name, entity]) => ({
        no: entity.no,
        name,
        table_name: entity.table,
        patient_column: entity.patientColumn,
        deleted_column: 'deletedColumn' in entity ? entity.deletedColumn : null,
      })),
  );
});

describe('a phone on which there is no room for all', () => {
  const on = useSyncWards({ env: { SYNC_DEVICE_ROWS: '100' } });

  it('holds every patient, the newest of the history, and from when it is; what changes of the rest still comes', async () => {
    const [one, author] = [await on.phone([on.hospital.wardId]), await on.phone()];
    const id = await on.patient();
    const ids = Array.from({ length: 40 }, (_, n) => `0194${String(n).padStart(4, '0')}-0000-7000-8000-000000000001`);
    const another = await on.phone();
    await another.pull(['notes']);
    await author.push(ids.map((each) => author.op({ ...note(id), id: each })));
    // What the service hears of only after the first page counts as changed since.
    const heard = new Set<string>();
    await eventually(async () => {
      const news = await another.pull(['notes']);
      for (const { id: each } of news.flatMap(({ changes }) => changes.notes?.put ?? [])) heard.add(each);
      return heard.size >= ids.length || undefined;
    });
    const answers = await one.pull(['patients', 'notes'], { limit: 10 });
    expect(answers.flatMap(({ changes }) => changes.patients?.put ?? []).map((row) => row.id)).toContain(id);
    const sent = answers.flatMap(({ changes }) => changes.notes?.put ?? []).map((row) => row.id);
    expect(sent).toEqual(ids.slice(-sent.length));
    expect(sent.length).toBeLessThan(25);
    const [from] = answers.flatMap(({ hints }) =>
      hints.history_from?.notes === undefined ? [] : [hints.history_from.notes],
    );
    const oldest = Number.parseInt(sent[0]?.replaceAll('-', '').slice(0, 12) ?? '', 16);
    expect(Date.parse(from ?? '')).toBeLessThan(oldest);
    await on.hospital.rows(`update {schema}.note set version = version + 1 where id = $1`, [ids[0]]);
    await eventually(async () => {
      const [answer] = await one.pull(['notes']);
      return answer?.changes.notes?.put.some((row) => row.id === ids[0]) || undefined;
    });
  });
});
