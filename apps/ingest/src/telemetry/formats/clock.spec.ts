import { readingFlag } from '@hms/contracts';
import { describe, expect, it } from '@jest/globals';
import { gatewayClock } from './clock.js';

const now = 1_767_225_600_000;
const day = 24 * 3_600_000;

describe('the clock of a gateway', () => {
  it.each([
    ['tells nothing', undefined, { offsetMs: undefined, correctionMs: 0, flags: 0 }],
    ['is right', now, { offsetMs: 0, correctionMs: 0, flags: 0 }],
    ['is a little off', now + 2_000, { offsetMs: -2_000, correctionMs: 0, flags: 0 }],
    ['is off, within the tolerance', now + 30_000, { offsetMs: -30_000, correctionMs: 0, flags: readingFlag.skew }],
    ['runs ahead', now + 30_001, { offsetMs: -30_001, correctionMs: -30_001, flags: readingFlag.skew }],
    ['runs ahead by days', now + 7 * day, { offsetMs: -7 * day, correctionMs: -7 * day, flags: readingFlag.skew }],
    ['is in another age', now + 8 * day, { offsetMs: -8 * day, correctionMs: 0, flags: readingFlag.skew }],
    ['is behind, or the batch is late', now - 3 * day, { offsetMs: 3 * day, correctionMs: 0, flags: readingFlag.skew }],
    ['was never set', 0, { offsetMs: undefined, correctionMs: 0, flags: readingFlag.skew }],
  ])('that %s', (_, sent, expected) => {
    expect(gatewayClock(now, sent)).toEqual(expected);
  });
});
