import { describe, expect, it } from '@jest/globals';
import { join } from 'node:path';
import pg from 'pg';
import { uuidv7 } from 'uuidv7';
import { variable } from '../../testing/environment.js';
import { eventually } from '../../testing/eventually.js';
import { type Document, TestForeigner } from '../../testing/test-foreigner.js';
import { useSyncWards } from '../../testing/sync-wards.js';
import type { TestIngest } from '../../testing/test-ingest.js';
import { TestPhone } from '../../testing/test-sync.js';

const on = useSyncWards();
const { otherWard, patient } = on;

/** A client of a doctor who works on these wards, or in the whole on.hospital. */
async function client(wardIds: readonly string[] = [], to = on.ingest): Promise<TestForeigner> {
  const phone = new TestPhone(to, await on.sync.addUser(on.hospital, 'doctor', wardIds));
  await phone.register();
  return new TestForeigner(phone);
}

async function ward(): Promise<string> {
  const id = uuidv7();
  await on.hospital.rows(`insert into {schema}.ward (id, code, name) values ($1, $2, 'Ward')`, [id, `W${wards++}`]);
  return id;
}
let wards = 3;

const move = (id: string, wardId: string): Promise<unknown> =>
  on.hospital.rows('update {schema}.patient set ward_id = $2 where id = $1', [id, wardId]);
const transfer = ({ phone }: TestForeigner, wardId: string): Promise<unknown> =>
  on.hospital.rows('update public.membership set ward_ids = array[$2::uuid] where user_id = $1', [
    phone.user.userId,
    wardId,
  ]);
const valueOf = async (id: string, column: string): Promise<unknown> =>
  (await on.hospital.rows<{ v: unknown }>(`select ${column} as v from {schema}.patient where id = $1`, [id]))[0]?.v;
const quarantined = ({ phone }: TestForeigner): Promise<number> =>
  on.hospital.count('sync_quarantine', 'user_id = $1', [phone.user.userId]);
const unsolved = ({ phone }: TestForeigner): Promise<number> =>
  on.hospital.count('sync_conflict', 'user_id = $1', [phone.user.userId]);
const note = (patientId: string): Document => ({ id: uuidv7(), patientId, kind: 'nursing', text: 'Slept well.' });
const storedNotes = (id: string): Promise<number> => on.hospital.count('note', 'id = $1', [id]);

/** Pulls until the document comes. */
const comes = (one: TestForeigner, id: string): Promise<Document> =>
  eventually(async () => (await one.rxdbPull('patients')).flat().find((document) => document.id === id));

/** Does something while nothing is relayed: whoever has the lock of the relay is the only one. */
async function withoutRelay<T>(work: () => Promise<T>): Promise<T> {
  const relay = new pg.Client({ connectionString: variable('DATABASE_DIRECT_URL') });
  await relay.connect();
  try {
    await relay.query('select pg_advisory_lock(7310001)');
    return await work();
  } finally {
    await relay.end();
  }
}

describe('RxDB pulls', () => {
  it('full batches for as long as there is anything, then a shorter one', async () => {
    const one = await client();
    await Promise.all(Array.from({ length: 7 }, () => patient()));
    const batches = await one.rxdbPull('patients', 3);
    const sizes = batches.map((batch) => batch.length);
    expect(sizes.slice(0, -1).every((size) => size === 3)).toBe(true);
    expect(sizes.at(-1)).toBeLessThan(3);
    // What the feed tells of meanwhile comes twice.
    expect(new Set(batches.flat().map(({ id }) => id)).size).toBe(await on.hospital.count('patient'));
  });

  it('who left the ward as deleted, and nothing about them but their id', async () => {
    const one = await client([on.hospital.wardId]);
    const id = await patient();
    expect(await comes(one, id)).toMatchObject({ familyName: 'Test', _deleted: false, version: 2 });
    await move(id, otherWard);
    expect(await comes(one, id)).toEqual({ id, _deleted: true });
  });

  it('with the checkpoint it has, when its user works elsewhere: what is new, and as deleted what was', async () => {
    const one = await client([on.hospital.wardId]);
    const [here, there, leaves] = [await patient(), await patient(otherWard), await patient()];
    await one.rxdbPull('patients');
    await transfer(one, otherWard);
    await move(leaves, await ward());
    const seen = new Map<string, Document>();
    await eventually(async () => {
      for (const document of (await one.rxdbPull('patients', 2)).flat()) seen.set(document.id, document);
      return seen.has(there) || undefined;
    });
    expect(seen.get(here)).toEqual({ id: here, _deleted: true });
    expect(seen.get(leaves)).toEqual({ id: leaves, _deleted: true });
    expect(seen.get(there)).toMatchObject({ _deleted: false, wardId: otherWard });
  });

  it('who left a ward that its user left, too, though the feed told of it only after all was taken back', async () => {
    const [lost, gained, elsewhere] = [await ward(), await ward(), await ward()];
    const other = await client([lost]);
    const first = await patient(lost);
    await comes(other, first);
    const leaves = await patient(lost);
    await comes(other, leaves);
    // All of that is in the feed: this one begins behind it.
    const one = await client([lost]);
    await one.rxdbPull('patients');
    const arrives = await patient(gained);
    await transfer(one, gained);
    const taken = await eventually(async () => (await one.rxdbStep('patients', 1))[0]);
    expect(taken).toEqual({ id: first, _deleted: true });
    await withoutRelay(async () => {
      await move(leaves, elsewhere);
      expect((await one.rxdbStep('patients', 200)).map(({ id }) => id)).toEqual([arrives]);
    });
    const [left] = await eventually(async () => (await one.rxdbPull('patients')).find((batch) => batch.length > 0));
    expect(left).toEqual({ id: leaves, _deleted: true });
  });

  it('is told to begin anew with a checkpoint nothing can follow, and not to ask for more than is answered', async () => {
    const one = await client();
    const cursor = Buffer.from('{"r":7,"p":1}').toString('base64url');
    for (const bad of [cursor, 'x']) {
      const { status, body } = await one.rxdb('patients', 'pull', { checkpoint: { cursor: bad }, limit: 10 });
      expect([status, body]).toEqual([409, expect.objectContaining({ code: 'sync.replica-outdated' })]);
    }
    expect((await one.rxdb('patients', 'pull', { checkpoint: null, limit: 201 })).status).toBe(422);
  });

  it('when it is told that there is something new', async () => {
    const one = await client([on.hospital.wardId]);
    const ask = async (since: number | null): Promise<{ since: number; news: boolean }> =>
      (
        await one.phone.send<{ since: number; news: boolean }>(`/sync/compat/rxdb/news?device=${one.phone.id}`, {
          since,
        })
      ).body;
    let known = (await ask(null)).since;
    const id = await patient();
    await eventually(async () => {
      const { since, news } = await ask(known);
      expect(news).toBe(true);
      known = since;
      return (await one.rxdbPull('patients')).flat().find((document) => document.id === id);
    });
  });

  it('is audited with whose documents were sent', async () => {
    const one = await client([on.hospital.wardId]);
    const id = await patient();
    await one.rxdbPull('patients');
    const read = `action = 'read' and actor_id = $1 and $2 = any (patient_ids) and operation like '%compat/rxdb/patients/pull'`;
    expect(await on.hospital.count('audit_event', read, [one.phone.user.userId, id])).toBe(1);
  });
});

describe('RxDB pushes', () => {
  it('what it made, once however often it is sent, and is answered with what the server added', async () => {
    const one = await client();
    const made = { id: uuidv7(), familyName: 'Byron', givenName: 'Ada' };
    const [answer] = await one.rxdbPush('patients', made);
    expect(answer).toMatchObject({ ...made, mrn: expect.any(String) as unknown, version: 1 });
    expect(await one.rxdbPush('patients', made)).toEqual([answer]);
    expect(await one.rxdbPush('patients', answer!, answer)).toEqual([]);
    expect(await on.hospital.count('patient', 'id = $1 and version = 1', [made.id])).toBe(1);
    expect(await quarantined(one)).toBe(0);
  });

  it('a second edit before it pulled the first, and the second is no conflict with the first', async () => {
    const one = await client();
    const first = await comes(one, await patient());
    const second = { ...first, phone: '555 1001' };
    const third = { ...second, phone: '555 1002' };
    expect(await one.rxdbPush('patients', second, first)).toEqual([]);
    expect(await one.rxdbPush('patients', third, second)).toEqual([]);
    expect(await one.rxdbPush('patients', third, first)).toEqual([]);
    expect(await valueOf(first.id, 'phone')).toBe('555 1002');
    expect(await unsolved(one)).toBe(0);
  });

  it('next to another change, keeps both, and is answered with both', async () => {
    const one = await client();
    const known = await comes(one, await patient());
    await on.hospital.rows(`update {schema}.patient set given_name = 'Grace' where id = $1`, [known.id]);
    const [answer] = await one.rxdbPush('patients', { ...known, phone: '555 1003' }, known);
    expect(answer).toMatchObject({ givenName: 'Grace', phone: '555 1003' });
    expect(await unsolved(one)).toBe(0);
  });

  it('against another change, is answered with that, and both wait for a person, once', async () => {
    const one = await client();
    const known = await comes(one, await patient());
    await on.hospital.rows(`update {schema}.patient set family_name = 'Hopper' where id = $1`, [known.id]);
    const mine = { ...known, familyName: 'Lovelace' };
    for (let sent = 0; sent < 2; sent++) {
      expect(await one.rxdbPush('patients', mine, known)).toMatchObject([{ familyName: 'Hopper' }]);
    }
    expect(await unsolved(one)).toBe(1);
    const [answer] = await one.rxdbPush('patients', mine, known);
    expect(await one.rxdbPush('patients', { ...answer!, familyName: 'Lovelace' }, answer)).toEqual([]);
    expect(await valueOf(known.id, 'family_name')).toBe('Lovelace');
  });

  it('what may not be done, is answered with how it is, and what it sent is kept once', async () => {
    const one = await client();
    const made = note(await patient());
    const [written] = await one.rxdbPush('notes', made);
    const rewritten = { ...written!, text: 'Slept badly.' };
    for (let sent = 0; sent < 2; sent++) {
      expect(await one.rxdbPush('notes', rewritten, written)).toMatchObject([{ id: made.id, text: 'Slept well.' }]);
      expect(await one.rxdbPush('notes', { ...written!, _deleted: true }, written)).toMatchObject([
        { _deleted: false },
      ]);
    }
    expect(await quarantined(one)).toBe(2);
  });

  it('what may not be made, is answered that it is deleted, and agrees', async () => {
    const one = await client();
    const ofNobody = note(uuidv7());
    const gone = { id: ofNobody.id, _deleted: true };
    for (let sent = 0; sent < 2; sent++) expect(await one.rxdbPush('notes', ofNobody)).toEqual([gone]);
    expect(await one.rxdbPush('notes', gone, gone)).toEqual([]);
    expect(await quarantined(one)).toBe(1);
  });

  it('to patients of its wards only, and is told nothing of others', async () => {
    const one = await client([on.hospital.wardId]);
    const id = await patient();
    const known = await comes(one, id);
    await move(id, otherWard);
    expect(await one.rxdbPush('patients', { ...known, phone: '555 1004' }, known)).toEqual([{ id, _deleted: true }]);
    expect(await valueOf(id, 'phone')).toBeNull();
    expect(await quarantined(one)).toBe(1);
  });
});

describe('WatermelonDB', () => {
  it('pulls everything at once, then what changed since a whole number', async () => {
    const one = await client();
    const id = await patient();
    const first = await one.watermelonPull();
    expect(Number.isSafeInteger(first.timestamp)).toBe(true);
    expect(first.changes.patients).toMatchObject({ created: [], deleted: [] });
    expect(first.changes.patients.updated.map((record) => record.id)).toContain(id);
    await on.hospital.rows(`update {schema}.patient set given_name = 'Grace' where id = $1`, [id]);
    const record = await eventually(async () =>
      (await one.watermelonPull()).changes.patients.updated.find((each) => each.id === id),
    );
    expect(record).toMatchObject({ givenName: 'Grace' });
    expect((await one.watermelonPull()).changes.patients.updated).toEqual([]);
  });

  it('pushes all tables as a whole, once however often', async () => {
    const one = await client();
    await one.watermelonPull();
    const made = { id: uuidv7(), familyName: 'Byron', givenName: 'Ada', phone: null, _status: 'created', _changed: '' };
    const text = { ...note(made.id), _status: 'created', _changed: '' };
    const changes = { notes: { created: [text] }, patients: { created: [made] }, wards: {} };
    expect((await one.watermelonPush(changes)).status).toBe(200);
    await eventually(async () => {
      await one.watermelonPull();
      return (await one.watermelonPush(changes)).status === 200 || undefined;
    });
    expect(await storedNotes(text.id)).toBe(1);
    expect(await quarantined(one)).toBe(0);
  });

  it('is told to pull first when anything it sends was changed since, and nothing of it takes effect', async () => {
    const one = await client();
    const id = await patient();
    await pulled(one, id);
    await on.hospital.rows(`update {schema}.patient set family_name = 'Hopper' where id = $1`, [id]);
    const text = note(id);
    const { status, body } = await one.watermelonPush({
      patients: { updated: [{ id, phone: '555 1005', _status: 'updated', _changed: 'phone' }] },
      notes: { created: [text] },
    });
    expect([status, body['code']]).toEqual([409, 'sync.changed-since']);
    expect(await storedNotes(text.id)).toBe(0);
  });

  it('has what may not be done put right by its next pull, and what else it sent takes effect', async () => {
    const one = await client();
    const id = await patient();
    await one.watermelonPull();
    const [good, bad] = [note(id), note(uuidv7())];
    expect((await one.watermelonPush({ notes: { created: [good, bad] } })).status).toBe(200);
    expect(await storedNotes(good.id)).toBe(1);
    const deleted = await eventually(async () => {
      const { changes } = await one.watermelonPull();
      return changes.notes.deleted.length > 0 ? changes.notes.deleted : undefined;
    });
    expect(deleted).toEqual([bad.id]);
    expect((await one.watermelonPush({ notes: { deleted: [good.id] } })).status).toBe(200);
    await eventually(async () =>
      (await one.watermelonPull()).changes.notes.updated.find((each) => each.id === good.id),
    );
    expect(await quarantined(one)).toBe(2);
  });

  it('is sent everything instead of what it has when its user works elsewhere', async () => {
    const one = await client([on.hospital.wardId]);
    const [here, there] = [await patient(), await patient(otherWard)];
    await one.watermelonPull();
    await transfer(one, otherWard);
    const { changes, experimentalStrategy } = await eventually(async () => {
      const answer = await one.watermelonPull();
      return answer.experimentalStrategy ? answer : undefined;
    });
    expect(experimentalStrategy).toBe('replacement');
    const ids = changes.patients.updated.map(({ id }) => id);
    expect([ids.includes(here), ids.includes(there)]).toEqual([false, true]);
  });

  it('is sent everything, too, when it was told more than the feed has', async () => {
    const one = await client();
    const id = await patient();
    const { timestamp } = await one.watermelonPull();
    one.timestamp = timestamp + 1e6 * 2 ** 16;
    const { changes, experimentalStrategy } = await one.watermelonPull();
    expect(experimentalStrategy).toBe('replacement');
    expect(changes.patients.updated.map((each) => each.id)).toContain(id);
    expect(one.timestamp).toBeLessThan(timestamp + 1e6 * 2 ** 16);
  });

  it('sends no changes of tables nobody knows, and no ids that are none', async () => {
    const one = await client();
    await one.watermelonPull();
    expect((await one.watermelonPush({ drafts: { created: [note(uuidv7())] } })).status).toBe(422);
    expect((await one.watermelonPush({ notes: { deleted: ['a1b2c3'] } })).status).toBe(422);
  });
});

/** Pulls until the patient is known. */
const pulled = (one: TestForeigner, id: string): Promise<true> =>
  eventually(
    async () => (await one.watermelonPull()).changes.patients.updated.some((each) => each.id === id) || undefined,
  );

describe('a change that is committed and not relayed yet', () => {
  /** Somebody changes a phone number, nothing is relayed, and a client that has not seen it changes it too. */
  async function overtake(to: TestIngest): Promise<{ status: number; phone: unknown }> {
    const one = await client([], to);
    const id = await patient();
    await pulled(one, id);
    return withoutRelay(async () => {
      await on.hospital.rows(`update {schema}.patient set phone = '556 2001' where id = $1`, [id]);
      const changed = { id, phone: '555 2002', _status: 'updated', _changed: 'phone' };
      const { status } = await one.watermelonPush({ patients: { updated: [changed] } });
      return { status, phone: await valueOf(id, 'phone') };
    });
  }

  it('counts when WatermelonDB pushes', async () => {
    expect(await overtake(on.ingest)).toEqual({ status: 409, phone: '556 2001' });
  });

  it('is overwritten by a service that looks at the feed alone (control)', async () => {
    const entry = join(import.meta.dirname, '../../testing/sees-only-what-is-relayed.mjs');
    const forgetful = await on.sync.start({ entry });
    expect(await overtake(forgetful)).toEqual({ status: 200, phone: '555 2002' });
    await forgetful.stop();
  });
});

describe('a foreign client', () => {
  it('names a device of its user, registered and not revoked', async () => {
    const [one, other] = [await client(), await client()];
    const { phone } = one;
    const ask = (query: string): Promise<number> =>
      phone.send(`/sync/compat/watermelon/pull${query}`, { lastPulledAt: null }).then(({ status }) => status);
    expect(await ask('')).toBe(422);
    expect(await ask(`?device=${uuidv7()}`)).toBe(403);
    expect(await ask(`?device=${other.phone.id}`)).toBe(403);
    await on.hospital.rows('update sync.device set revoked_at = now() where id = $1', [phone.id]);
    expect(await ask(`?device=${phone.id}`)).toBe(403);
  });
});
