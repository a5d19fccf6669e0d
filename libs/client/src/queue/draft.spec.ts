import { describe, expect, it } from '@jest/globals';
import { syncOp } from '@hms/contracts';
import { idOf, opOf, rowOf } from '../testing/ops.js';
import { type Change, draftOf, redraftOf } from './draft.js';

const update = (fields: object): Change => ({ kind: 'update', entity: 'patients', id: idOf(1), fields });
const base = rowOf(1, 7, { name: 'Amina', address: { city: 'Kisumu', street: 'A' } });

describe('the op of a change', () => {
  it('names the version it was made on, what it changes, and what that said', () => {
    const draft = draftOf(update({ phone: '1', name: null }), { base, pending: [] }, idOf(9));
    expect(draft).toEqual({
      op: idOf(9),
      entity: 'patients',
      id: idOf(1),
      kind: 'update',
      base: 7,
      patch: { phone: '1', name: null },
      was: { phone: '0', name: 'Amina' },
      cmd: null,
      deps: [],
    });
    expect(syncOp.safeParse({ ...opOf(1), ...draft, op: idOf(9) }).success).toBe(true);
  });

  it('leaves out fields that say so already, in whatever order their members are', () => {
    const fields = { phone: '1', address: { street: 'A', city: 'Kisumu' }, nobodySaid: null };
    expect(draftOf(update(fields), { base, pending: [] }, idOf(9))?.patch).toEqual({ phone: '1' });
  });

  it('is none when nothing changes', () => {
    expect(draftOf(update({ phone: '0' }), { base, pending: [] }, idOf(9))).toBeUndefined();
  });

  it('says what the person saw before, pending changes included, on the version those were made on', () => {
    const pending = [opOf(1, { base: 5 }), opOf(2, { base: 6 }), opOf(3, { id: idOf(2), base: 1 })];
    const draft = draftOf(update({ phone: '5' }), { base, pending }, idOf(9));
    expect(draft).toMatchObject({ base: 5, was: { phone: '2' } });
  });

  it('is made on version 0 of a row the server does not know yet', () => {
    const pending = [opOf(1, { kind: 'create', base: null })];
    for (const known of [undefined, base])
      expect(draftOf(update({ phone: '5' }), { base: known, pending }, idOf(9))?.base).toBe(0);
  });

  it('that deletes a row says why', () => {
    const change: Change = { kind: 'delete', entity: 'patients', id: idOf(1), reason: 'Registered twice' };
    expect(draftOf(change, { base, pending: [] }, idOf(9))).toMatchObject({
      kind: 'delete',
      base: 7,
      patch: { deletedReason: 'Registered twice' },
      was: null,
    });
  });

  it('depends on pending ops that make the rows it refers to', () => {
    const pending = [opOf(1, { kind: 'create', id: idOf(1) }), opOf(2, { kind: 'create', id: idOf(2) })];
    const change: Change = { kind: 'create', entity: 'notes', id: idOf(3), fields: { patientId: idOf(1) } };
    expect(draftOf(change, { base: undefined, pending }, idOf(9), [idOf(8)])?.deps).toEqual([idOf(8), idOf(1_001)]);
  });

  it('is refused for a row that is not there, and when it is too large to be sent', () => {
    expect(() => draftOf(update({}), { base: undefined, pending: [] }, idOf(9))).toThrow(
      expect.objectContaining({ code: 'not-found' }),
    );
    const large = update({ text: 'ä'.repeat(33_000) });
    expect(() => draftOf(large, { base, pending: [] }, idOf(9))).toThrow(
      expect.objectContaining({ code: 'too-large' }),
    );
  });
});

describe('the op of a refused change that is tried again', () => {
  const refused = { op: opOf(3, { base: 2, patch: { phone: '1', name: 'B' } }), at: 0 };

  it('is made on the row as it stands, with what the person corrected', () => {
    const item = { ...refused, result: { seq: 3, op: idOf(1_003), status: 'conflict' as const } };
    expect(redraftOf(item, { name: 'C' }, base, idOf(9))).toMatchObject({
      op: idOf(9),
      base: 7,
      patch: { phone: '1', name: 'C' },
      was: { phone: '0', name: 'Amina' },
    });
  });

  it('is made on the row as the answer showed it, where there is none here', () => {
    const result = { seq: 3, op: idOf(1_003), status: 'conflict' as const, row: { ...base, _v: 9, phone: '2' } };
    expect(redraftOf({ ...refused, result }, {}, undefined, idOf(9))).toMatchObject({
      base: 9,
      was: { phone: '2', name: 'Amina' },
    });
  });

  it('is only the rest of a change of which some was taken', () => {
    const conflicts = [{ field: 'name', yours: 'B', theirs: 'A', kept: 'theirs' as const }];
    const item = { ...refused, result: { seq: 3, op: idOf(1_003), status: 'merged' as const, conflicts } };
    expect(redraftOf(item, {}, base, idOf(9)).patch).toEqual({ name: 'B' });
  });

  it('stays a new row if it was one', () => {
    const item = {
      op: opOf(3, { kind: 'create', base: null }),
      at: 0,
      result: { seq: 3, op: idOf(1_003), status: 'rejected' as const },
    };
    expect(redraftOf(item, {}, undefined, idOf(9))).toMatchObject({ kind: 'create', base: null, was: null });
  });

  it('corrects the arguments of a command', () => {
    const op = opOf(3, { kind: 'command', patch: null, cmd: { name: 'sign', args: { reason: 'x', by: 'me' } } });
    const item = { op, at: 0, result: { seq: 3, op: idOf(1_003), status: 'rejected' as const } };
    expect(redraftOf(item, { reason: 'y' }, base, idOf(9)).cmd).toEqual({
      name: 'sign',
      args: { reason: 'y', by: 'me' },
    });
  });
});
