import { describe, expect, it } from '@jest/globals';
import { type Cursor, readCursor, uselessness, writeCursor } from './cursor.js';

/** By epoch. */
const feeds = [0, 1, 2, 3, 4].map((epoch) => `01900000-0000-7000-8000-00000000000${epoch}`);
const feedId = String(feeds[3]);
const cursor = ({ e = 1, ...more }: Partial<Cursor> = {}): Cursor => ({
  ...{ f: String(feeds[e]), e, p: 50, s: 'scope', g: 'fields' },
  ...more,
});
/** The second epoch lost what came after 60, the third what came after 90. */
const head = {
  ...{ feedId, epoch: 3, pos: 100, floor: 10 },
  epochs: [
    { epoch: 2, before: String(feeds[1]), upTo: 60 },
    { epoch: 3, before: String(feeds[2]), upTo: 90 },
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
    [
      'of one before, whose rows were read before anything was lost',
      cursor({ p: 20, r: 60, n: { a: null } }),
      undefined,
    ],
    ['of one before, whose rows may be of what was lost', cursor({ p: 20, r: 61 }), 'epoch'],
    ['of one of the same number that another recovery began', cursor({ e: 2, f: String(feeds[4]) }), 'epoch'],
    ['of this one, of the same number that another recovery began', cursor({ e: 3, f: String(feeds[4]) }), 'epoch'],
    ['from beyond the end of the feed', cursor({ e: 3, p: 101 }), 'epoch'],
    ['whose rows were read beyond the end of the feed', cursor({ e: 3, p: 10, r: 101 }), 'epoch'],
    ['of an epoch that is not there yet', cursor({ e: 4 }), 'epoch'],
    ['of another feed', cursor({ f: String(feeds[0]) }), 'epoch'],
    ['from before the feed begins', cursor({ e: 3, p: 9 }), 'expired'],
    ['of other fields', cursor({ e: 3, g: 'others' }), 'projection'],
  ])('%s', (_, one, why) => {
    expect(uselessness(one, head, 'fields')).toBe(why);
  });

  it('of an epoch of which it is not known what was lost is of no use', () => {
    expect(uselessness(cursor(), { ...head, epochs: head.epochs.slice(1) }, 'fields')).toBe('epoch');
  });
});
