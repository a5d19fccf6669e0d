import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { clockOf } from './zone-clock.js';

const zones = [
  'UTC',
  'America/Chicago',
  'America/New_York',
  'America/St_Johns',
  'Europe/London',
  'Asia/Kolkata',
  'Asia/Kathmandu',
  'Australia/Lord_Howe',
  'Pacific/Kiritimati',
  'Pacific/Pago_Pago',
  'Africa/Casablanca',
] as const;
const minute = 60_000;
const time = fc.integer({ min: Date.UTC(2020, 0) / minute, max: Date.UTC(2035, 0) / minute }).map((m) => m * minute);
const wall = (text: string): number => Date.parse(`${text}Z`);
const iso = (instant: number | undefined): string | undefined =>
  instant === undefined ? undefined : new Date(instant).toISOString().replace(':00.000Z', 'Z');

/** What the platform itself says the clocks show, worked out another way than by the code under test. */
const shownBy = (zone: string, instant: number): number =>
  wall(new Date(instant).toLocaleString('sv-SE', { timeZone: zone }).replace(' ', 'T'));

describe('the clock of a zone', () => {
  it('shows what the platform says, at any time', () => {
    fc.assert(
      fc.property(fc.constantFrom(...zones), time, (zone, instant) => {
        expect(clockOf(zone).wallOf(instant)).toBe(shownBy(zone, instant));
      }),
    );
  });

  it('names a moment at which the wall time is shown, and no earlier one; or none when none shows it', () => {
    fc.assert(
      fc.property(fc.constantFrom(...zones), time, (zone, shown) => {
        const instant = clockOf(zone).instantOf(shown);
        // No zone is further from UTC, and none has offsets finer than a quarter of an hour.
        const moments = Array.from({ length: 105 }, (_, i) => shown + (i - 56) * 15 * minute);
        expect(instant).toBe(moments.find((moment) => shownBy(zone, moment) === shown));
      }),
      { numRuns: 60 },
    );
  });

  it.each([
    ['America/New_York', '2026-03-08T02:30', undefined, '2026-03-08T07:00Z'],
    ['Europe/London', '2026-03-29T01:00', undefined, '2026-03-29T01:00Z'],
    ['Australia/Lord_Howe', '2026-10-04T02:15', undefined, '2026-10-03T15:30Z'],
    ['Australia/Lord_Howe', '2026-10-04T02:30', '2026-10-03T15:30Z', '2026-10-03T15:30Z'],
  ])('of %s never shows %s: %s, and jumps over it at %s', (zone, shown, instant, next) => {
    expect(iso(clockOf(zone).instantOf(wall(shown)))).toBe(instant);
    expect(iso(clockOf(zone).firstInstantFrom(wall(shown)))).toBe(next);
  });

  it.each([
    ['America/New_York', '2026-11-01T01:30', '2026-11-01T05:30Z', '2026-11-01T06:30Z'],
    ['Europe/London', '2026-10-25T01:00', '2026-10-25T00:00Z', '2026-10-25T01:00Z'],
    ['Australia/Lord_Howe', '2026-04-05T01:45', '2026-04-04T14:45Z', '2026-04-04T15:15Z'],
  ])('of %s shows %s twice: first at %s, last at %s', (zone, shown, first, last) => {
    expect(iso(clockOf(zone).instantOf(wall(shown)))).toBe(first);
    expect(iso(clockOf(zone).lastInstantBefore(wall(shown)))).toBe(last);
  });
});
