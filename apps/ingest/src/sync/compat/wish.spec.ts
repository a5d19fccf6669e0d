import { describe, expect, it } from '@jest/globals';
import { changeOf, type StoredRow, type Wish } from './wish.js';

const id = '01940000-0000-7000-8000-000000000001';
const row = (fields: object, more: Partial<StoredRow> = {}): StoredRow => ({
  id,
  version: 7,
  deleted: false,
  fields: { familyName: 'Adams', givenName: 'Ada', phone: null, ...fields },
  ...more,
});
const wish = (fields: object, more: Partial<Wish> = {}): Wish => ({
  entity: 'patients',
  id,
  deleted: false,
  fields: { familyName: 'Adams', givenName: 'Ada', ...fields },
  ...more,
});
const assumed = (fields: object, version: number | undefined = 7): Wish['assumed'] => ({
  version,
  fields: { familyName: 'Adams', givenName: 'Ada', ...fields },
});

describe('a document becomes', () => {
  it('a new row with what it says; null, and what the server alone decides, say nothing', () => {
    const change = changeOf(wish({ phone: null, allergyStatus: 'assessed', hobby: 'chess' }), undefined);
    expect(change).toMatchObject({ kind: 'create', base: null });
    expect(change?.patch).toEqual({ familyName: 'Adams', givenName: 'Ada', hobby: 'chess' });
  });

  it('an update of what the person changed, and of nothing else', () => {
    const change = changeOf(wish({ phone: '555 1234' }, { assumed: assumed({ phone: null }) }), row({}));
    expect(change).toMatchObject({ kind: 'update', patch: { phone: '555 1234' }, was: { phone: null } });
  });

  it('an update on the row as it stands where that is what the client took it to be, however old its version', () => {
    const change = changeOf(wish({ phone: '2' }, { assumed: assumed({ phone: '1' }, 3) }), row({ phone: '1' }));
    expect(change?.base).toBe(7);
  });

  it('an update on the version the client knows where the row says something else', () => {
    const change = changeOf(wish({ phone: '2' }, { assumed: assumed({ phone: '1' }, 3) }), row({ phone: '9' }));
    expect(change?.base).toBe(3);
  });

  it('an update on no version at all where the client knows none', () => {
    const known = { fields: assumed({ phone: '1' })?.fields ?? {}, version: undefined };
    expect(changeOf(wish({ phone: '2' }, { assumed: known }), row({ phone: '9' }))?.base).toBe(0);
  });

  it('nothing where nothing was changed', () => {
    expect(changeOf(wish({}, { assumed: assumed({}) }), row({ phone: '9' }))).toBeUndefined();
  });

  it('nothing when the row it makes was made as it says, times and owners of which the server corrected', () => {
    const note: Wish = {
      ...wish({}),
      entity: 'notes',
      fields: { patientId: id, text: 'Seen.', recordedAt: '2026-01-01T00:00:00Z' },
    };
    const stored = row({ patientId: id, text: 'Seen.', recordedAt: '2025-12-31T23:00:00.000Z', clockSuspect: true });
    expect(changeOf(note, stored)).toBeUndefined();
  });

  it('an update when the row it makes was made, and changed on the client since', () => {
    expect(changeOf(wish({ phone: '2' }), row({ phone: '1' }))).toMatchObject({
      kind: 'update',
      base: 0,
      patch: { phone: '2' },
    });
  });
});

describe('a deleted document becomes', () => {
  it('a deletion, with the reason the document gives', () => {
    const gone = wish({ deletedReason: 'twice' }, { deleted: true, assumed: assumed({}, 4) });
    expect(changeOf(gone, row({}))).toMatchObject({ kind: 'delete', base: 4, patch: { deletedReason: 'twice' } });
  });

  it('nothing where there is no such row, or none any more', () => {
    expect(changeOf(wish({}, { deleted: true }), undefined)).toBeUndefined();
    expect(changeOf(wish({}, { deleted: true }), row({}, { deleted: true }))).toBeUndefined();
  });
});

describe('a record whose client saw the row as it stands becomes', () => {
  it('an update of the columns the client names, on that row', () => {
    const record = wish({ phone: '2', givenName: '' }, { seen: true, changed: ['phone'] });
    expect(changeOf(record, row({}))).toMatchObject({ base: 7, patch: { phone: '2' }, was: { phone: null } });
  });

  it('a cleared field where it was cleared', () => {
    const record = wish({ phone: null }, { seen: true, changed: ['phone'] });
    expect(changeOf(record, row({ phone: '1' }))?.patch).toEqual({ phone: null });
  });
});
