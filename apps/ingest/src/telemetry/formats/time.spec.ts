import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { parseTime } from './time.js';

describe('a time', () => {
  it.each([
    [1_767_225_600_000, 1_767_225_600_000_000],
    [1_767_225_600_000.25, 1_767_225_600_000_250],
    ['2026-01-01T00:00:00Z', 1_767_225_600_000_000],
    ['2026-01-01t05:30:00.5+05:30', 1_767_225_600_500_000],
    ['2025-12-31 19:00:00.123456-05:00', 1_767_225_600_123_456],
    ['2025-12-31T23:59:60Z', 1_767_225_600_000_000],
    ['2024-02-29T00:00:00Z', 1_709_164_800_000_000],
  ])('%s is read to the microsecond', (text, micros) => {
    expect(parseTime(text)).toBe(micros);
  });

  it.each([
    [undefined, 'missing_time'],
    [null, 'missing_time'],
    ['2026-01-01T00:00:00', 'missing_zone'],
    ['2026-01-01', 'malformed'],
    ['2025-02-29T00:00:00Z', 'malformed'],
    ['2026-13-01T00:00:00Z', 'malformed'],
    ['2026-01-01T24:00:00Z', 'malformed'],
    ['2026-01-01T00:00:00+25:00', 'malformed'],
    ['1767225600000', 'malformed'],
    [Infinity, 'malformed'],
    [{}, 'malformed'],
  ])('%p is refused as %s', (value, code) => {
    expect(parseTime(value)).toBe(code);
  });

  it('written by any clock is read back', () => {
    fc.assert(
      fc.property(
        fc.date({ min: new Date('1900-01-01'), max: new Date('2200-01-01'), noInvalidDate: true }),
        (date) => {
          expect(parseTime(date.toISOString())).toBe(date.getTime() * 1_000);
        },
      ),
    );
  });
});
