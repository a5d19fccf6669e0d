import 'reflect-metadata';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { decodeCursor, encodeCursor, toPage } from './page.js';

const key = fc.oneof(fc.string(), fc.integer(), fc.constant(null));

describe('a cursor', () => {
  it('brings back the keys it was made of', () => {
    fc.assert(
      fc.property(fc.array(key, { minLength: 1, maxLength: 4 }), (keys) => {
        expect(decodeCursor(encodeCursor(keys), keys.length)).toEqual(keys);
      }),
    );
  });

  it('is refused, never trusted, when it is anything else', () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        expect(() => decodeCursor(text, 2)).toThrow('request.invalid');
      }),
    );
  });
});

describe('a page', () => {
  it('names a next cursor exactly when one row more was found', () => {
    const page = (rows: number[]) =>
      toPage(
        rows,
        2,
        (n) => n,
        (n) => [n],
      );
    expect(page([1, 2, 3])).toEqual({ items: [1, 2], nextCursor: encodeCursor([2]) });
    expect(page([1, 2])).toEqual({ items: [1, 2], nextCursor: null });
    expect(page([])).toEqual({ items: [], nextCursor: null });
  });
});
