import { describe, expect, it } from '@jest/globals';
import type { SyncResponse, SyncResult } from '@hms/contracts';
import { uuidv7 } from 'uuidv7';
import { eventually } from '../../testing/eventually.js';
import { useSyncWards } from '../../testing/sync-wards.js';
import { type GivenOp, type SentOp, TestPhone, TestSync } from '../../testing/test-sync.js';

const on = useSyncWards();
const { phone, patient } = on;

const note = (patientId: string, text = 'Slept well.'): GivenOp => ({
  entity: 'notes',
  patch: { patientId, kind: 'nursing', text },
});
const statuses = ({ results }: SyncResponse): string[] => results.map(({ status, code }) => code ?? status);
const only = ({ results }: SyncResponse): SyncResult => results[0] as SyncResult;

describe('an op', () => {
  it('takes effect once, however often and from how many connections it is sent', async () => {
    const one = await phone();
    const patientId = await patient();
    const ops = Array.from({ length: 20 }, () => one.op(note(patientId)));
    const answers = await Promise.all(Array.from({ length: 6 }, () => one.push(ops)));
    expect(answers.map(({ status }) => status)).toEqual(Array(6).fill(200));
    expect(answers.filter(({ body }) => only(body).status === 'applied')).toHaveLength(1);
    expect(answers.filter(({ body }) => only(body).status === 'duplicate')).toHaveLength(5);
    expect(await on.hospital.count('note', 'patient_id = $1', [patientId])).toBe(20);
    expect(answers[0]?.body.device.last_seq).toBe(20);
  });

  it('that will never be taken is parked with its reason, and stops no other: 500 with 20 bad ones', async () => {
    const one = await phone();
    const patientId = await patient();
    const bad: GivenOp[] = [
      { entity: 'notes', patch: { patientId, kind: 'poem', text: 'x' } },
      { entity: 'notes', patch: { patientId, kind: 'nursing', text: 'x', mood: 'blue' } },
      { entity: 'horses', patch: {} },
      { entity: 'notes', patch: { patientId: uuidv7(), kind: 'nursing', text: 'x' } },
      { entity: 'observations', patch: { patientId, code: 'heartRate', value: 9_000 } },
    ];
    const ops = Array.from({ length: 500 }, (_, i) =>
      one.op(i % 25 === 7 ? (bad[i % bad.length] ?? {}) : note(patientId)),
    );
    const results: SyncResult[] = [];
    for (let i = 0; i < ops.length; i += 200) results.push(...(await one.push(ops.slice(i, i + 200))).body.results);
    expect(results.filter(({ status }) => status === 'applied')).toHaveLength(480);
    const parked = results.filter(({ status }) => status === 'rejected');
    expect(parked).toHaveLength(20);
    expect(parked.every(({ code, text, quarantine }) => code && text && quarantine)).toBe(true);
    expect(await on.hospital.count('sync_quarantine', 'device_id = $1 and outcome is null', [one.id])).toBe(20);
    expect(await on.hospital.count('note', 'patient_id = $1', [patientId])).toBe(480);
  });

  it('the database refuses is refused alone, with the same answer as it would have given', async () => {
    const one = await phone();
    const patientId = await patient();
    const condition = { patientId, display: 'Gout', onsetDate: '2020-05-01', abatementDate: '2019-05-01' };
    const { body } = await one.push([
      one.op(note(patientId)),
      one.op({ entity: 'conditions', patch: condition }),
      one.op(note(patientId)),
    ]);
    expect(statuses(body)).toEqual(['applied', 'invalid', 'applied']);
    expect(body.results[1]?.text).toBe('A problem cannot end before it began.');
  });

  it('that depends on a refused one is blocked; its neighbours are not', async () => {
    const one = await phone();
    const patientId = uuidv7();
    const made = one.op({ entity: 'patients', id: patientId, patch: { familyName: 'Only' } });
    const about = one.op(note(patientId));
    const named = one.op({ ...note(await patient()), deps: [made.op] });
    const { body } = await one.push([made, about, named, one.op(note(await patient()))]);
    expect(statuses(body)).toEqual(['invalid', 'blocked', 'blocked', 'applied']);
    expect(body.results[1]?.by).toBe(made.op);
  });

  it('of a group takes effect with all of it or not at all', async () => {
    const one = await phone();
    const patientId = await patient();
    const grouped = [note(patientId), { ...note(patientId), patch: { patientId, kind: 'poem', text: 'x' } }];
    const { body } = await one.push([...grouped.map((op) => one.op({ ...op, group: 'a' })), one.op(note(patientId))]);
    expect(statuses(body)).toEqual(['blocked', 'invalid', 'applied']);
    expect(await on.hospital.count('note', 'patient_id = $1', [patientId])).toBe(1);
  });

  it('leaves its trace in the audit, the history and the outbox', async () => {
    const one = await phone();
    const patientId = await patient();
    const op = one.op({ entity: 'allergies', patch: { patientId, substance: 'Latex', category: 'environment' } });
    await one.push([op]);
    expect(
      await on.hospital.count('audit_event', `entity = 'allergy' and entity_ids = array[$1] and actor_id = $2`, [
        op.id,
        one.user.userId,
      ]),
    ).toBe(1);
    expect(
      await on.hospital.count('change_history', 'entity_id = $1 and actor_id = $2', [op.id, one.user.userId]),
    ).toBe(1);
    const events = await on.hospital.rows(`select type from public.outbox_event where payload ->> 'id' = $1`, [op.id]);
    expect(events).toEqual([{ type: 'allergy.changed' }]);
  });
});

describe('an op the server fails at', () => {
  /** A database that does this with notes of that text. */
  async function stumbling(text: string, how: string): Promise<void> {
    await on.hospital.rows(`
      create or replace function {schema}.stumble() returns trigger language plpgsql as $$
      begin if new.text = '${text}' then ${how}; end if; return new; end $$;
      create or replace trigger stumble before insert on {schema}.note for each row execute function {schema}.stumble()`);
  }

  it('for a reason of its own is parked the third time it comes', async () => {
    await stumbling('Odd', `raise exception 'odd'`);
    const one = await phone();
    const patientId = await patient();
    const ops = [one.op(note(patientId, 'Odd')), one.op(note(patientId))];
    expect((await one.push(ops, { attempt: 2 })).status).toBe(500);
    expect(statuses((await one.push(ops, { attempt: 3 })).body)).toEqual(['internal_poison', 'applied']);
  });

  it('by taking too long is parked the fifth time it comes first, and keeps none behind it back', async () => {
    await stumbling('Slow', 'perform pg_sleep(20)');
    const one = await phone();
    const patientId = await patient();
    const ops = [one.op(note(patientId)), one.op(note(patientId, 'Slow')), one.op(note(patientId))];
    const { body } = await one.push(ops, { attempt: 5 });
    expect(statuses(body)).toEqual(['applied']);
    expect(body).toMatchObject({ unprocessed_from: 2, device: { last_seq: 1 } });
    const rest = await one.push(ops.slice(1), { attempt: 5 });
    expect(statuses(rest.body)).toEqual(['internal_poison', 'applied']);
    expect(rest.body).toMatchObject({ unprocessed_from: null, device: { last_seq: 3 } });
    expect(await on.hospital.count('sync_quarantine', `device_id = $1 and code = 'internal_poison'`, [one.id])).toBe(1);
  }, 30_000);
});

describe('pushes that share a transaction', () => {
  it('are answered each for itself: one is refused, one half, one not known, and the others are as ever', async () => {
    const patientId = await patient();
    const [good, bad, gap, other] = [await phone(), await phone(), await phone(), await phone()];
    const unknown = new TestPhone(on.ingest, good.user);
    // These are made by themselves, and the rest come meanwhile.
    const before = await Promise.all([phone(), phone()]);
    const first = before.map((one) => one.push(Array.from({ length: 100 }, () => one.op(note(patientId)))));
    const twice = bad.op(note(patientId));
    const [applied, half, missing, nobody, last] = await Promise.all([
      good.push([good.op(note(patientId))]),
      bad.push([twice, bad.op(note(uuidv7())), bad.op({ ...note(patientId), id: twice.id })]),
      gap.push([{ ...gap.op(note(patientId)), seq: 7 }]),
      unknown.push([unknown.op(note(patientId))]),
      other.push([other.op(note(patientId, 'Nul \u0000'))]),
      ...first,
    ]);
    expect(statuses(applied.body)).toEqual(['applied']);
    expect(statuses(half.body)).toEqual(['applied', 'parent_missing', 'invalid']);
    expect([missing.status, nobody.status]).toEqual([409, 403]);
    expect(statuses(last.body)).toHaveLength(1);
    expect(await on.hospital.count('note', 'patient_id = $1', [patientId])).toBe(
      202 + (statuses(last.body)[0] === 'applied' ? 1 : 0),
    );
  });

  it('to one row are made one after another: whoever comes second is told of the first', async () => {
    const patientId = await patient();
    const phones = await Promise.all(Array.from({ length: 8 }, () => phone()));
    const answers = await Promise.all(
      phones.map((one, n) =>
        one.push([
          one.op({ entity: 'patients', id: patientId, kind: 'update', base: 2, patch: { phone: `+4912345${n}` } }),
        ]),
      ),
    );
    const results = answers.map(({ body }) => only(body));
    expect(results.filter(({ status }) => status === 'applied')).toHaveLength(1);
    expect(results.filter(({ status }) => status === 'merged')).toHaveLength(7);
    expect(new Set(results.map(({ row }) => row?.['phone'])).size).toBe(1);
  });
});

describe('the numbers of a device', () => {
  it('tell of a gap, which says what is expected', async () => {
    const one = await phone();
    const patientId = await patient();
    one.seq = 4;
    const { status, body } = await one.push([one.op(note(patientId))]);
    expect({ status, body }).toMatchObject({ status: 409, body: { code: 'sync.gap', expected: 1 } });
  });

  it('tell of another installation that used them for other changes', async () => {
    const one = await phone();
    const patientId = await patient();
    await one.push([one.op(note(patientId))]);
    one.seq = 0;
    const { status, body } = await one.push([one.op(note(patientId))]);
    expect({ status, body }).toMatchObject({ status: 409, body: { code: 'sync.device-forked' } });
  });

  it('belong to one user of one hospital', async () => {
    const [one, other] = [await phone(), await phone()];
    const stolen = new TestPhone(on.ingest, other.user);
    Object.assign(stolen, { id: one.id });
    expect((await stolen.push([])).body).toMatchObject({ code: 'sync.unknown-device' });
    expect((await stolen.send('/sync/register', { v: 1, device: one.id, name: 'x', schema: 1 })).status).toBe(403);
  });
});

describe('who syncs', () => {
  it('is nobody once the session is revoked, whatever the token says', async () => {
    const one = await phone();
    await on.hospital.rows(`update public.session set revoked_at = now(), revoke_reason = 'logout' where id = $1`, [
      one.user.sessionId,
    ]);
    await eventually(async () => ((await one.push([])).status === 401 ? true : undefined));
  });

  it('is nobody with a token of another key', async () => {
    const stranger = await TestSync.open();
    const one = await phone();
    const token = await stranger.token(on.hospital, one.user);
    stranger.close();
    const forged = new TestPhone(on.ingest, { ...one.user, token });
    expect((await forged.push([])).status).toBe(401);
  });

  it('may not change what the role may not, and finds out op by op', async () => {
    const one = await phone([], 'nurse');
    const patientId = await patient();
    const { body } = await one.push([
      one.op({ entity: 'patients', id: patientId, kind: 'delete', base: 2, patch: { deletedReason: 'test' } }),
      one.op(note(patientId)),
    ]);
    expect(statuses(body)).toEqual(['forbidden', 'applied']);
  });
});

describe('the devices of a user', () => {
  it('are twenty: another takes the place of the one that was silent longest, if that locked itself long ago', async () => {
    const user = await on.sync.addUser(on.hospital, 'doctor');
    const phones = Array.from({ length: 21 }, () => new TestPhone(on.ingest, user));
    for (const one of phones.slice(0, 20)) await one.register();
    const another = phones[20] as TestPhone;
    await expect(another.register()).rejects.toThrow('sync.too-many-devices');
    const silent = phones[3] as TestPhone;
    await on.hospital.rows(`update sync.device set seen_at = now() - interval '15 days' where id = $1`, [silent.id]);
    await another.register();
    const { status, body } = await silent.push([]);
    expect([status, body]).toMatchObject([403, { code: 'sync.device-revoked', wipe: false }]);
  });

  it('that were revoked change nothing, and what they send is kept for a supervisor', async () => {
    const one = await phone();
    const patientId = await patient();
    await on.hospital.rows('update sync.device set revoked_at = now() where id = $1', [one.id]);
    const ops = [one.op(note(patientId)), one.op({ entity: 'patients', patch: { familyName: 'N', givenName: 'B' } })];
    expect((await one.push(ops)).status).toBe(403);
    expect((await one.push(ops)).status).toBe(403);
    expect(await on.hospital.count('note', 'patient_id = $1', [patientId])).toBe(0);
    expect(await on.hospital.count('sync_quarantine', 'device_id = $1', [one.id])).toBe(2);
    await on.hospital.rows('update sync.device set wipe = true where id = $1', [one.id]);
    expect((await one.push([one.op(note(patientId))])).status).toBe(403);
    expect(await on.hospital.count('sync_quarantine', 'device_id = $1', [one.id])).toBe(2);
  });
});

describe('two who change one patient', () => {
  async function bothEdit(yours: Record<string, unknown>, theirs: Record<string, unknown>): Promise<SyncResult> {
    const [one, other] = [await phone(), await phone()];
    const id = await patient();
    const edit = (from: TestPhone, patch: Record<string, unknown>): SentOp =>
      from.op({ entity: 'patients', id, kind: 'update', base: 2, patch });
    expect(statuses((await other.push([edit(other, theirs)])).body)).toEqual(['applied']);
    return only((await one.push([edit(one, yours)])).body);
  }

  it('in different fields both succeed', async () => {
    const result = await bothEdit({ phone: '555 0101' }, { email: 'a@example.org' });
    expect(result).toMatchObject({ status: 'applied', row: { phone: '555 0101', email: 'a@example.org' } });
  });

  it('in the telephone number: the second hears of both, and what is stored stays', async () => {
    const result = await bothEdit({ phone: '555 0101', gender: 'female' }, { phone: '555 0202' });
    expect(result).toMatchObject({
      status: 'merged',
      row: { phone: '555 0202', gender: 'female' },
      conflicts: [{ field: 'phone', yours: '555 0101', theirs: '555 0202', kept: 'theirs' }],
    });
    expect(await on.hospital.count('sync_conflict', `id = $1 and kind = 'merged'`, [result.conflict])).toBe(1);
  });

  it('in the name: nothing of the second is taken, and a person decides', async () => {
    const result = await bothEdit({ familyName: 'Ours', phone: '555 0101' }, { familyName: 'Theirs' });
    expect(result).toMatchObject({ status: 'conflict', row: { familyName: 'Theirs', phone: null } });
  });

  it('to the same agree', async () => {
    expect(await bothEdit({ familyName: 'Same' }, { familyName: 'Same' })).toMatchObject({ status: 'applied' });
  });

  it('are one when both changes are of one device', async () => {
    const one = await phone();
    const id = await patient();
    const edit = (patch: Record<string, unknown>): SentOp =>
      one.op({ entity: 'patients', id, kind: 'update', base: 2, patch });
    expect(statuses((await one.push([edit({ phone: '555 0101' })])).body)).toEqual(['applied']);
    const { body } = await one.push([edit({ phone: '555 0102' }), edit({ phone: '555 0103' })]);
    expect(statuses(body)).toEqual(['applied', 'applied']);
    expect(body.results.map(({ ver }) => ver)).toEqual([4, 5]);
    expect(body.results[1]?.row).toMatchObject({ phone: '555 0103', _v: 5 });
  });
});

describe('an allergy', () => {
  const latex = (patientId: string): GivenOp => ({
    entity: 'allergies',
    patch: { patientId, substance: 'Latex', category: 'environment' },
  });

  it('two record at once is one', async () => {
    const patientId = await patient();
    const phones = await Promise.all(Array.from({ length: 4 }, () => phone()));
    const answers = await Promise.all(phones.map((one) => one.push([one.op(latex(patientId))])));
    expect(answers.map(({ body }) => only(body).status).sort()).toEqual(['applied', 'merged', 'merged', 'merged']);
    expect(await on.hospital.count('allergy', 'patient_id = $1', [patientId])).toBe(1);
  });

  it('stays on the list when somebody added it once more before it was taken off by who did not know', async () => {
    const [one, other] = [await phone(), await phone()];
    const added = one.op(latex(await patient()));
    const again = other.op({ ...latex(String(added.patch?.['patientId'])), id: uuidv7() });
    await one.push([added]);
    expect(only((await other.push([again])).body)).toMatchObject({ status: 'merged', ver: 2, row: { id: added.id } });
    expect(only((await other.push([again])).body)).toMatchObject({ was: 'merged', ver: 2, row: { id: added.id } });
    const remove = (from: TestPhone): SentOp =>
      from.op({ entity: 'allergies', id: added.id, kind: 'update', base: 1, patch: { clinicalStatus: 'resolved' } });
    expect(statuses((await one.push([remove(one)])).body)).toEqual(['conflict']);
    expect(statuses((await other.push([remove(other)])).body)).toEqual(['applied']);
  });

  it('is not taken off the list by who did not see that it got worse', async () => {
    const [one, other] = [await phone(), await phone()];
    const added = one.op(latex(await patient()));
    await one.push([added]);
    const edit = (from: TestPhone, patch: Record<string, unknown>): SentOp =>
      from.op({ entity: 'allergies', id: added.id, kind: 'update', base: 1, patch });
    await other.push([edit(other, { severity: 'severe' })]);
    const { body } = await one.push([edit(one, { clinicalStatus: 'resolved' })]);
    expect(statuses(body)).toEqual(['conflict']);
  });
});

describe('record numbers', () => {
  it('set aside for a device are given by it alone, each once', async () => {
    const one = new TestPhone(on.ingest, await on.sync.addUser(on.hospital, 'doctor'));
    const { mrns } = await one.register(2);
    const other = await phone();
    const made = (from: TestPhone, mrn?: string): SentOp =>
      from.op({ entity: 'patients', patch: { familyName: 'New', givenName: 'Born', ...(mrn ? { mrn } : {}) } });
    const taken = only((await other.push([made(other, mrns[0])])).body);
    expect(taken).toMatchObject({
      status: 'merged',
      conflicts: [{ field: 'mrn', yours: mrns[0], theirs: taken.row?.['mrn'], kept: 'theirs' }],
    });
    expect(mrns).not.toContain(taken.row?.['mrn']);
    const { body } = await one.push([made(one, mrns[0]), made(one, mrns[0]), made(one, mrns[1]), made(one)]);
    expect(statuses(body)).toEqual(['applied', 'invalid', 'applied', 'applied']);
    const last = body.results[3]?.row;
    expect(mrns).not.toContain(last?.['mrn']);
    expect(last?.['mrn']).toMatch(/^\d{8}$/);
  });

  it('that the database forgot stay with their patients, and are given to nobody else', async () => {
    const [one, other] = [await phone(), await phone()];
    const made = (from: TestPhone, mrn?: string): SentOp =>
      from.op({ entity: 'patients', patch: { familyName: 'New', givenName: 'Born', ...(mrn ? { mrn } : {}) } });
    const [newest] = await on.hospital.rows<{ value: string }>(`select value from {schema}.counter where name = 'mrn'`);
    const above = (by: number): string => String(Number(newest?.value) + by).padStart(8, '0');
    const [kept, twice, far, next] = (
      await one.push([made(one, above(7)), made(one, above(7)), made(one, above(20_000)), made(one)])
    ).body.results;
    expect(kept).toMatchObject({ status: 'applied', row: { mrn: above(7) } });
    expect(twice).toMatchObject({ status: 'merged', row: { mrn: above(8) } });
    expect(far).toMatchObject({ status: 'merged', row: { mrn: above(9) } });
    expect(next).toMatchObject({ status: 'applied', row: { mrn: above(10) } });
    const late = only((await other.push([made(other, above(3))])).body);
    expect(late).toMatchObject({ status: 'merged', row: { mrn: above(11) } });
  });
});
