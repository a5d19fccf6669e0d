import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { afterQuietHours } from './quiet-hours.policy.js';

const night = { from: '21:00', until: '08:00' };
const at = (time: string, quiet: { from: string; until: string }, timezone: string): string =>
  afterQuietHours(new Date(time), { ...quiet, timezone }).toISOString();

describe('quiet hours', () => {
  it.each([
    ['by day', '2026-06-01T12:00:00Z', 'Europe/Berlin', '2026-06-01T12:00:00.000Z'],
    ['in the evening', '2026-06-01T19:30:00Z', 'Europe/Berlin', '2026-06-02T06:00:00.000Z'],
    ['after midnight', '2026-06-02T01:00:00Z', 'Europe/Berlin', '2026-06-02T06:00:00.000Z'],
    ['at their end', '2026-06-02T06:00:00Z', 'Europe/Berlin', '2026-06-02T06:00:00.000Z'],
    ['in a zone of half hours', '2026-06-01T16:00:00Z', 'Asia/Kolkata', '2026-06-02T02:30:00.000Z'],
    ['when clocks go forward', '2026-03-28T22:00:00Z', 'Europe/London', '2026-03-29T07:00:00.000Z'],
    ['when clocks go back', '2026-10-24T22:00:00Z', 'Europe/London', '2026-10-25T08:00:00.000Z'],
  ])('%s put off to their end at the clock of the recipient', (_, now, zone, then) => {
    expect(at(now, night, zone)).toBe(then);
  });

  it('that end inside the gap of a clock change end with the gap', () => {
    expect(at('2026-03-29T00:30:00Z', { from: '00:00', until: '01:30' }, 'Europe/London')).toBe(
      '2026-03-29T01:00:00.000Z',
    );
  });

  it('of no length never put anything off', () => {
    expect(at('2026-06-01T01:00:00Z', { from: '08:00', until: '08:00' }, 'UTC')).toBe('2026-06-01T01:00:00.000Z');
  });

  it('end at the first minute that is not quiet', () => {
    const time = fc.tuple(fc.integer({ min: 0, max: 23 }), fc.integer({ min: 0, max: 59 })).map(([hour, minute]) => {
      const two = (part: number): string => String(part).padStart(2, '0');
      return `${two(hour)}:${two(minute)}`;
    });
    const zone = fc.constantFrom('America/New_York', 'Australia/Lord_Howe', 'Asia/Kolkata', 'Europe/London', 'UTC');
    const now = fc.date({ min: new Date('2026-01-01'), max: new Date('2027-01-01'), noInvalidDate: true });
    fc.assert(
      fc.property(now, time, time, zone, (when, from, until, timezone) => {
        const local = (moment: Date): string =>
          new Intl.DateTimeFormat('en-GB', { timeStyle: 'short', timeZone: timezone }).format(moment);
        const isQuiet = (moment: Date): boolean => {
          const t = local(moment);
          return from <= until ? t >= from && t < until : t >= from || t < until;
        };
        const then = afterQuietHours(when, { from, until, timezone });
        expect(then.getTime()).toBeGreaterThanOrEqual(when.getTime());
        expect(isQuiet(then)).toBe(false);
        // Sampled: every 7 minutes in between.
        for (let t = when.getTime(); t < then.getTime(); t += 7 * 60_000) expect(isQuiet(new Date(t))).toBe(true);
      }),
      { numRuns: 60 },
    );
  });
});
