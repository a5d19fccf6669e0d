import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { classifySearch, mrnTerm, nameTerm, phoneTerm } from './patient-search.js';
import { formatPartialDate } from './partial-date.js';

const summary = (text: string) =>
  classifySearch(text).map((term) => {
    switch (term.by) {
      case 'name':
        return `name ${[...term.words, ...term.beginnings.map((word) => `${word}…`)].join('+')}`;
      case 'birthDate':
        return `born ${formatPartialDate(term.date)}`;
      case 'mrn':
        return `mrn ${term.mrn}`;
      case 'phone':
        return `phone ${term.digits}`;
      case 'number':
        return `mrn ${term.mrn} or phone ${term.digits}`;
      case 'identifier':
      case 'ward':
        return 'never typed here';
    }
  });

describe('what is typed into the search box', () => {
  it.each([
    ['Jonh Smyth', ['name Jonh+Smyth']],
    ["  O'Brien-Smith, Seán ", ['name Brien+Smith+Seán+O…']],
    ['محمد علي', ['name محمد+علي']],
    ['jo', ['name jo…']],
    ['王 伟', ['name 王…+伟…']],
    ['John Smith 3rd', ['name John+Smith+3rd']],
    ['42', ['mrn 00000042']],
    ['00000042', ['mrn 00000042']],
    ['1980', ['mrn 00001980 or phone 1980']],
    ['0861234567', ['mrn 861234567 or phone 861234567']],
    ['+353 86 123 4567', ['phone 861234567']],
    ['(020) 7946-0958', ['phone 079460958']],
    ['1980-05-17', ['born 1980-05-17']],
    ['1980-05', ['born 1980-05']],
    ['17.05.1980', ['born 1980-05-17']],
    ['smith 1980-05', ['born 1980-05', 'name smith']],
    ['31.02.1980', ['phone 31021980']],
    ['   ', []],
    ['+ - ()', []],
    ['?!', []],
  ])('%j means %j', (text, meaning) => {
    expect(summary(text)).toEqual(meaning);
  });

  it('always means something when it holds a letter', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), fc.constantFrom('a', 'É', 'م', '王'), (text, letter) => {
        expect(classifySearch(`${text} ${letter}`).some((term) => term.by === 'name')).toBe(true);
      }),
    );
  });

  it('is never too much for the database and never a crash', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 100 }), (text) => {
        const words = classifySearch(text).flatMap((term) =>
          term.by === 'name' ? [...term.words, ...term.beginnings] : [],
        );
        expect(words.length).toBeLessThanOrEqual(6);
        expect(words.join('')).not.toContain('\0');
      }),
    );
  });

  it('finds a telephone number however it is written', () => {
    const digits = fc.stringMatching(/^[1-9][0-9]{8}$/);
    fc.assert(
      fc.property(digits, fc.constantFrom('', '0', '+353', '00353', '(0)', '+1 '), (number, prefix) => {
        expect(phoneTerm(prefix + number)).toEqual([{ by: 'phone', digits: number }]);
      }),
    );
  });
});

describe('an explicit filter', () => {
  it('takes a record number with or without its leading zeros', () => {
    expect(mrnTerm('42')).toEqual(mrnTerm('00000042'));
  });

  it('does not look for a telephone number of three digits', () => {
    expect(phoneTerm('0 12 3')).toEqual([]);
  });

  it('looks for six words of a name at most', () => {
    expect(nameTerm('anna b c d e f g h')).toEqual([
      { by: 'name', words: ['anna'], beginnings: ['b', 'c', 'd', 'e', 'f'] },
    ]);
  });
});
