import { describe, expect, it } from '@jest/globals';
import { documentOf, sayTheSame } from './documents.js';
import { recordOf, wishesOf } from './watermelon-records.js';
import { pulledAt, timestampOf } from './watermelon-timestamp.js';

const id = '01940000-0000-7000-8000-000000000001';

describe('documents', () => {
  it('have a version, and none of the keys by which they may be held', () => {
    expect(documentOf({ id, _v: 3, _sk: ['ward:a'], text: 'x' })).toEqual({
      id,
      version: 3,
      text: 'x',
      _deleted: false,
    });
  });

  it('say the same whatever their version, and whether a field is null or missing', () => {
    expect(
      sayTheSame({ id, version: 3, phone: null, address: { a: 1, b: 2 } }, { id, version: 9, address: { b: 2, a: 1 } }),
    ).toBe(true);
    expect(sayTheSame({ id, phone: '1' }, { id, phone: '2' })).toBe(false);
  });

  it('that are deleted say the same, whatever else they hold', () => {
    expect(sayTheSame({ id, _deleted: true, phone: '1' }, { id, _deleted: true })).toBe(true);
    expect(sayTheSame({ id, _deleted: true }, { id, _deleted: false })).toBe(false);
  });
});

describe('records', () => {
  it('hold lists and objects, and values of any kind, as JSON; and come back as they were', () => {
    const document = { id, version: 1, code: 'acvpu', value: 'A', _deleted: false };
    expect(recordOf('observations', document)).toEqual({ id, version: 1, code: 'acvpu', value: '"A"' });
    const created = [recordOf('observations', document)];
    const [wish] = wishesOf('observations', { created, updated: [], deleted: [] });
    expect(wish?.fields).toEqual({ code: 'acvpu', value: 'A' });
  });

  it('say which columns were changed, or that any may have been', () => {
    const raw = { id, version: 1, phone: '1', mrn: '2', _status: 'updated' };
    const updated = [
      { ...raw, _changed: 'phone' },
      { ...raw, _changed: '' },
    ];
    const wishes = wishesOf('patients', { created: [], updated, deleted: [] });
    expect(wishes.map(({ changed }) => changed)).toEqual([['phone'], ['phone', 'mrn']]);
  });
});

it('a timestamp is an exact integer that holds a position and the number of a replica', () => {
  for (const at of [
    { pos: 0, replica: 1 },
    { pos: 2 ** 37 - 1, replica: 2 ** 16 - 1 },
  ]) {
    expect(Number.isSafeInteger(timestampOf(at))).toBe(true);
    expect(pulledAt(timestampOf(at))).toEqual(at);
  }
});
