import { describe, expect, it } from '@jest/globals';
import { type Cursor, readCursor, uselessness, writeCursor } from './cursor.js';

const feedId = '01900000-0000-7000-8000-000000000001';
const cursor = (more: Partial<Cursor> = {}): Cursor => ({ f: feedId, e: 1, p: 50, s: 'scope', g: 'fields', ...more });
/** The second epoch lost what came after 60, the third what came after 90. */
const head = {
  ...{ feedId, epoch: 3, pos: 100, floor: 10 },
  epochs: [
    { epoch: 2, upTo: 60 },
    { epoch: 3, upTo: 90 },
  ],
};

describe('a cursor', () => {
  it('is read as it was written, and anything else is none', () => {
    const one = cursor({ n: { a: null } });
    expect(readCursor(writeCursor(one))).toEqual(one);
    for (const text of ['', 'x', writeCursor({ ...one, p: -1 })]) expect(readCursor(text)).toBeUndefined();
  });

  it.each([
    ['of this epoch', cursor({ e: 3, p: 99 }), undefined],
    ['of one before, from before anything was lost', cursor({ e: 1, p: 60 }), undefined],
    ['of one before, of which the end was lost', cursor({ e: 1, p: 61 }), 'epoch'],
    ['of one between', cursor({ e: 2, p: 90 }), undefined],
    ['of one between, of which the end was lost', cursor({ e: 2, p: 91 }), 'epoch'],
    ['of one before, in the middle of a snapshot', cursor({ e: 1, n: { a: null } }), 'epoch'],
    ['of an epoch that is not there yet', cursor({ e: 4 }), 'epoch'],
    ['of another feed', cursor({ f: feedId.replace('1', '2') }), 'epoch'],
    ['from before the feed begins', cursor({ e: 3, p: 9 }), 'expired'],
    ['of other fields', cursor({ e: 3, g: 'others' }), 'projection'],
  ])('%s', (_, one, why) => {
    expect(uselessness(one, head, 'fields')).toBe(why);
  });

  it('of an epoch of which it is not known what was lost is of no use', () => {
    expect(uselessness(cursor(), { ...head, epochs: head.epochs.slice(1) }, 'fields')).toBe('epoch');
  });
});
