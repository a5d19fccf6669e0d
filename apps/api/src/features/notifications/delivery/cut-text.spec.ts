import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { cutText } from './cut-text.js';

describe('a text that is cut', () => {
  it.each([
    ['it fits', 'Grüße', 7, 'Grüße'],
    ['a letter of two bytes does not fit', 'Grüße', 6, 'Gr…'],
    ['it would end in a blank', 'On Saturday', 6, 'On…'],
    ['a family of one character does not fit', 'a👨‍👩‍👧b', 19, 'a…'],
  ])('ends at a whole character where %s', (_, text, maxBytes, cut) => expect(cutText(text, maxBytes)).toBe(cut));

  it('never has more bytes than it may, and begins as it did', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: 'grapheme', maxLength: 200 }),
        fc.integer({ min: 3, max: 300 }),
        (text, maxBytes) => {
          const cut = cutText(text, maxBytes);
          expect(Buffer.byteLength(cut)).toBeLessThanOrEqual(maxBytes);
          expect(cut === text || text.startsWith(cut.slice(0, -1))).toBe(true);
        },
      ),
    );
  });
});
