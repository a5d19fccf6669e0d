import { describe, expect, it } from '@jest/globals';
import { readEdition } from './read-edition.js';

const order = [
  '00001 A00     0 Cholera                                                      Cholera',
  '00002 A000    1 Cholera due to Vibrio cholerae 01, biovar cholerae           Cholera due to Vibrio cholerae 01, biovar cholerae',
].join('\r\n');

describe('an edition of ICD-10', () => {
  it('is read from the order file of ICD-10-CM, headings apart', () => {
    expect(readEdition(order)).toEqual([
      { code: 'A00', display: 'Cholera', recordable: false },
      { code: 'A00.0', display: 'Cholera due to Vibrio cholerae 01, biovar cholerae', recordable: true },
    ]);
  });

  it('is read from codes and titles with a tab between, with or without their dots', () => {
    expect(readEdition('# ours\n\nI50.9\tHeart failure\nj189\tPneumonia\n')).toEqual([
      { code: 'I50.9', display: 'Heart failure', recordable: true },
      { code: 'J18.9', display: 'Pneumonia', recordable: true },
    ]);
  });

  it.each([
    ['a line that is none', 'I50.9\tHeart failure\nsomething', /Line 2/],
    ['a code that is none', '50.9\tHeart failure', /Line 1/],
    ['a code without a title', 'I50.9\t', /Line 1/],
    ['a code that comes twice', 'I50.9\tA\nI509\tB', /Line 2 has I50\.9 a second time/],
    ['nothing', '\n# only this\n', /holds no codes/],
  ])('is refused with %s', (_, text, message) => {
    expect(() => readEdition(text)).toThrow(message);
  });
});
