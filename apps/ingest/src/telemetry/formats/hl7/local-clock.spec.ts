import { describe, expect, it } from '@jest/globals';
import { LocalClock } from './local-clock.js';

const dublin = (wall: string, near = '2026-10-25T00:00:00Z'): string | undefined => {
  const utc = new LocalClock('Europe/Dublin', Date.parse(near)).toUtc(Date.parse(`${wall}Z`));
  return utc === undefined ? undefined : new Date(utc).toISOString();
};

describe('a clock on the wall', () => {
  it.each([
    ['2026-01-01T08:00:00', '2026-01-01T08:00:00.000Z'],
    ['2026-07-01T08:00:00.250', '2026-07-01T07:00:00.250Z'],
  ])('shows %s at %s', (wall, utc) => {
    expect(dublin(wall)).toBe(utc);
  });

  it('shows an hour twice when summer ends, of which the nearer to now is meant', () => {
    expect(dublin('2026-10-25T01:30:00', '2026-10-25T00:31:00Z')).toBe('2026-10-25T00:30:00.000Z');
    expect(dublin('2026-10-25T01:30:00', '2026-10-25T01:31:00Z')).toBe('2026-10-25T01:30:00.000Z');
  });

  it('never shows the hour that is left out when summer begins', () => {
    expect(dublin('2026-03-29T01:30:00')).toBeUndefined();
  });
});
