import { readingFlag } from '@hms/contracts';
import { describe, expect, it } from '@jest/globals';
import { gatewayClock } from './clock.js';

const now = 1_767_225_600_000;
const day = 24 * 3_600_000;

describe('the clock of a gateway', () => {
  it.each([
    ['tells nothing', undefined, undefined, 0, 0],
    ['is right', now, 0, 0, 0],
    ['is a little off', now + 2_000, -2_000, 0, 0],
    ['is off, within the tolerance', now + 30_000, -30_000, 0, readingFlag.skew],
    ['runs ahead', now + 30_001, -30_001, -30_001, readingFlag.skew],
    ['runs ahead by days', now + 7 * day, -7 * day, -7 * day, readingFlag.skew],
    ['is in another age', now + 8 * day, -8 * day, 0, readingFlag.skew],
    ['is behind, or the batch is late', now - 3 * day, 3 * day, 0, readingFlag.skew],
    ['was never set', 0, undefined, 0, readingFlag.skew],
  ])('that %s', (_, sent, offsetMs, correctionMs, flags) => {
    expect(gatewayClock(now, sent)).toEqual({ offsetMs, correctionMs, flags });
  });
});
