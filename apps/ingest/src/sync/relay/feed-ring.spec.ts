import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { type ChangesWanted, type FeedEntry, FeedRing } from './feed-ring.js';

const entry = (pos: number, rowId: string, more: Partial<FeedEntry> = {}): FeedEntry => ({
  ...{ pos, rowId, hospitalId: 'h', entity: 1, keys: ['ward:1'] },
  ...more,
});
const all: ChangesWanted = { hospitalId: 'h', since: 0, upTo: 100, entities: [1, 2], keys: ['ward:1'], limit: 100 };

/** What the feed itself would answer. */
function asked(entries: readonly FeedEntry[], { hospitalId, since, upTo, entities, keys, limit }: ChangesWanted) {
  const page = entries
    .filter((one) => one.hospitalId === hospitalId && one.pos > since && one.pos <= upTo)
    .filter((one) => entities.includes(one.entity) && one.keys.some((key) => keys.includes(key)))
    .slice(0, limit);
  const last = page.filter(
    (one, i) => !page.slice(i + 1).some((o) => o.rowId === one.rowId && o.entity === one.entity),
  );
  return { rows: last.map(({ pos, entity, rowId }) => ({ pos, entity, id: rowId })), entries: page.length };
}

describe('the latest changes', () => {
  it('are answered as the feed would, or not at all once they are forgotten', () => {
    const drawn = fc.record({
      rowId: fc.constantFrom('a', 'b', 'c'),
      hospitalId: fc.constantFrom('h', 'g'),
      entity: fc.constantFrom(1, 2),
      keys: fc.uniqueArray(fc.constantFrom('ward:1', 'ward:2', 'hospital'), { minLength: 1 }),
    });
    const wanted = fc.record({
      hospitalId: fc.constantFrom('h', 'g', 'none'),
      since: fc.nat(60),
      upTo: fc.nat(60),
      entities: fc.subarray([1, 2]),
      keys: fc.subarray(['ward:1', 'ward:2', 'hospital']),
      limit: fc.integer({ min: 1, max: 10 }),
    });
    fc.assert(
      fc.property(fc.array(drawn, { maxLength: 60 }), wanted, fc.integer({ min: 2, max: 70 }), (rows, want, limit) => {
        const entries = rows.map((row, i): FeedEntry => ({ ...row, pos: i + 1 }));
        const ring = new FeedRing(limit);
        ring.restart(0);
        for (const one of entries) ring.add([one]);
        expect(ring.changed(want)).toEqual(want.since < ring.from ? undefined : asked(entries, want));
        if (rows.length <= limit) expect(ring.from).toBe(0);
      }),
    );
  });

  it('are not known before the feed was read, nor from before it began anew', () => {
    const ring = new FeedRing();
    expect(ring.changed(all)).toBeUndefined();
    ring.restart(10);
    ring.add([entry(11, 'a')]);
    expect(ring.changed({ ...all, since: 9 })).toBeUndefined();
    expect(ring.changed({ ...all, since: 10 })).toEqual({ rows: [{ pos: 11, entity: 1, id: 'a' }], entries: 1 });
    ring.restart(20);
    expect(ring.changed({ ...all, since: 10 })).toBeUndefined();
  });

  it('say where a row last changed', () => {
    const ring = new FeedRing();
    ring.restart(0);
    ring.add([entry(1, 'a'), entry(2, 'b'), entry(3, 'a')]);
    expect(ring.newest(entry(0, 'a'))).toBe(3);
    expect(ring.newest(entry(0, 'c'))).toBeUndefined();
    expect(ring.newest(entry(0, 'a', { hospitalId: 'g' }))).toBeUndefined();
  });
});
