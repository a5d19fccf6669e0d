import fc from 'fast-check';
import { normaliseIdentifier } from './normalise-identifier.js';

const text = fc.string({ unit: 'binary', maxLength: 40 });
const noise = fc.constantFrom(' ', '-', '\u00a0', '\u2011', '\u2013', '\u2212', '\u200b', '\u00ad', '\t');

describe('the one spelling of an identifier', () => {
  it.each([
    ['ab-12 34', 'AB1234'],
    ['ＡＢ１２３４', 'AB1234'],
    ['ab\u201112\u00a034', 'AB1234'],
    ['1990\u2013\u200b0101', '19900101'],
    ['ﬁ-1', 'FI1'],
    ['e\u0301', '\u00c9'],
  ])('%s is %s', (written, spelling) => {
    expect(normaliseIdentifier(written)).toBe(spelling);
  });

  it('is the spelling of itself', () => {
    fc.assert(
      fc.property(text, (value) => {
        const once = normaliseIdentifier(value);
        expect(normaliseIdentifier(once)).toBe(once);
      }),
    );
  });

  it('is the spelling of itself for every character that has another form', () => {
    for (let point = 0; point <= 0x2ffff; point += 1) {
      const once = normaliseIdentifier(String.fromCodePoint(point));
      if (normaliseIdentifier(once) !== once) throw new Error(`not for U+${point.toString(16)}`);
    }
  });

  it('does not depend on case, width, spaces or dashes', () => {
    const plain = fc.string({ unit: fc.constantFrom('A', 'B', 'Z', '0', '1', '9'), minLength: 1, maxLength: 20 });
    fc.assert(
      fc.property(plain, fc.array(noise, { maxLength: 5 }), fc.nat(), (value, marks, at) => {
        const middle = at % value.length;
        const written = value.slice(0, middle) + marks.join('') + value.slice(middle);
        const wide = written.replace(/[A-Z0-9]/g, (sign) => String.fromCharCode(sign.charCodeAt(0) + 0xfee0));
        expect(normaliseIdentifier(written.toLowerCase())).toBe(value);
        expect(normaliseIdentifier(wide)).toBe(value);
      }),
    );
  });

  it('keeps apart what differs in a letter or digit', () => {
    const plain = fc.string({ unit: fc.constantFrom('A', 'B', '0', '1', '9'), maxLength: 8 });
    fc.assert(
      fc.property(plain, plain, (one, other) => {
        expect(normaliseIdentifier(one) === normaliseIdentifier(other)).toBe(one === other);
      }),
    );
  });
});
