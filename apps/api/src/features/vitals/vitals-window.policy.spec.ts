import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { resolutionFor, resolutions, windowOf } from './vitals-window.policy.js';

const now = new Date('2026-03-01T12:00:00Z');
const minute = 60_000;
const hour = 60 * minute;

describe('the window of a chart', () => {
  it('is the last 24 hours in steps of 5 minutes unless said otherwise', () => {
    expect(windowOf({}, now)).toEqual({ from: new Date(now.getTime() - 24 * hour), to: now, resolution: '5m' });
  });

  it('ends where it is told to and begins 24 hours before', () => {
    const to = new Date('2026-01-02T00:00:00Z');
    expect(windowOf({ to }, now).from).toEqual(new Date('2026-01-01T00:00:00Z'));
  });

  it('is never empty', () => {
    expect(() => windowOf({ from: now }, now)).toThrow('request.invalid');
    expect(() => windowOf({ from: now, to: new Date(0) }, now)).toThrow('request.invalid');
  });

  it('holds no more than 2,000 points, except raw ones, which come in pages', () => {
    const from = new Date(now.getTime() - 2_000 * minute);
    expect(windowOf({ from, resolution: '1m' }, now).resolution).toBe('1m');
    const earlier = new Date(from.getTime() - 1);
    expect(() => windowOf({ from: earlier, resolution: '1m' }, now)).toThrow('request.invalid');
    expect(windowOf({ from: earlier, resolution: 'raw' }, now).resolution).toBe('raw');
    expect(() => windowOf({ from: new Date(0) }, now)).toThrow('request.invalid');
  });
});

describe('the resolution of a span', () => {
  it('is the finest that shows it in about a thousand points', () => {
    expect(resolutionFor(15 * minute)).toBe('raw');
    expect(resolutionFor(16 * hour)).toBe('1m');
    expect(resolutionFor(7 * 24 * hour)).toBe('15m');
    expect(resolutionFor(41 * 24 * hour)).toBe('1h');
  });

  it('never gives more than a thousand points of a span an hour wide bucket can show', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 1_000 * hour }), (span) => {
        const width = Math.max(resolutions[resolutionFor(span)], 1_000);
        expect(span / width).toBeLessThanOrEqual(1_000);
      }),
    );
  });
});
