import { describe, expect, it } from '@jest/globals';
import { AppError } from '@hms/contracts';
import fc from 'fast-check';
import { decodeKeys } from './keyset.js';
import { encodeCursor } from './page.js';

const kinds = { name: 'text', rank: 'integer', id: 'uuid' } as const;
const refusal = (cursor: string): string => {
  try {
    decodeKeys(cursor, kinds);
    return 'accepted';
  } catch (err) {
    return err instanceof AppError ? err.code : 'crashed';
  }
};

describe('a keyset cursor', () => {
  const text = fc.string({ unit: 'grapheme' }).filter((s) => !s.includes('\0'));

  it('gives back the keys it was made of', () => {
    fc.assert(
      fc.property(text, fc.maxSafeInteger(), fc.uuid(), (name, rank, id) => {
        expect(decodeKeys(encodeCursor([name, rank, id]), kinds)).toEqual({ name, rank, id });
      }),
    );
  });

  it('is refused, never a crash, when it is anything else', () => {
    fc.assert(fc.property(fc.string(), (cursor) => refusal(cursor) === 'request.invalid'));
    fc.assert(fc.property(fc.jsonValue(), (json) => refusal(encoded(json)) === 'request.invalid'));
  });

  it.each([
    ['a text with a NUL, which PostgreSQL cannot hold', ['a\0b', 1, '01900000-0000-7000-8000-000000000000']],
    ['a number that is not whole', ['a', 1.5, '01900000-0000-7000-8000-000000000000']],
    ['an id that is none', ['a', 1, 'x']],
    ['a key too many', ['a', 1, '01900000-0000-7000-8000-000000000000', 'b']],
  ])('is refused with %s', (_, keys) => {
    expect(refusal(encodeCursor(keys))).toBe('request.invalid');
  });
});

const encoded = (json: unknown): string => Buffer.from(JSON.stringify(json)).toString('base64url');
