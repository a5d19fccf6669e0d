import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { datePrecisions, endOfPartialDate, formatPartialDate, parsePartialDate } from './partial-date.js';

const dates = fc.date({ min: new Date('1850-01-01'), max: new Date('2200-12-31'), noInvalidDate: true });

describe('a date of birth', () => {
  it('is answered as precisely as it was given, and no more', () => {
    fc.assert(
      fc.property(dates, fc.constantFrom(...datePrecisions), (first, precision) => {
        const text = formatPartialDate({ first, precision });
        const read = parsePartialDate(text);
        expect(read).toMatchObject({ precision });
        expect(read && formatPartialDate(read)).toBe(text);
      }),
    );
  });

  it.each([
    ['1980', '1980-01-01', '1981-01-01'],
    ['1980-05', '1980-05-01', '1980-06-01'],
    ['1980-12', '1980-12-01', '1981-01-01'],
    ['1980-02-29', '1980-02-29', '1980-03-01'],
  ])('%s means the days from %s until before %s', (text, first, end) => {
    const date = parsePartialDate(text)!;
    expect([date.first, endOfPartialDate(date)]).toEqual([new Date(first), new Date(end)]);
  });

  it.each([
    '',
    '80',
    '1849',
    '1981-02-29',
    '1980-13',
    '1980-00',
    '1980-05-32',
    '1980-5-1',
    '1980-05-17T00:00',
    ' 1980',
  ])('is not %j', (text) => {
    expect(parsePartialDate(text)).toBeUndefined();
  });

  it('is never read out of other text', () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        const date = parsePartialDate(text);
        expect(date === undefined || formatPartialDate(date) === text).toBe(true);
      }),
    );
  });
});
