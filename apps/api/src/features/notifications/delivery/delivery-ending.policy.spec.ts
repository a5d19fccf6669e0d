import { describe, expect, it } from '@jest/globals';
import { endingOf, needlessFor } from './delivery-ending.policy.js';

const leaseMs = 30_000;
const first = { attempt: 1, chance: 0, leaseMs };
type Repeated = 'postponed' | 'in-doubt';
const waits = (attempt: number, chance: number, retryAfterMs?: number, kind: Repeated = 'postponed'): number => {
  const handingOver = { kind, code: 'x', ...(retryAfterMs === undefined ? {} : { retryAfterMs }) };
  const ending = endingOf(handingOver, { attempt, chance, leaseMs });
  return 'retryInMs' in ending ? ending.retryInMs : NaN;
};

describe('a try', () => {
  it('that was refused or accepted is the last one', () => {
    expect(endingOf({ kind: 'accepted', providerId: 'SM1' }, first)).toEqual({ status: 'sent', providerId: 'SM1' });
    expect(endingOf({ kind: 'refused', code: 'twilio.21211' }, first)).toEqual({
      status: 'failed',
      error: 'twilio.21211',
    });
  });

  it('that was not taken is queued again, one in doubt stays with the provider until it is known', () => {
    expect(endingOf({ kind: 'postponed', code: 'x' }, first)).toMatchObject({ status: 'queued' });
    expect(endingOf({ kind: 'in-doubt', code: 'x' }, first)).toMatchObject({ status: 'sending' });
  });

  it('is repeated after pauses that double up to ten minutes, of which half is chance', () => {
    expect([1, 2, 3, 30].map((attempt) => waits(attempt, 1))).toEqual([2_000, 4_000, 8_000, 600_000]);
    expect([1, 30].map((attempt) => waits(attempt, 0))).toEqual([1_000, 300_000]);
  });

  it('is not repeated before the provider said', () => {
    expect([waits(1, 0, 45_000), waits(1, 0, 45_000, 'in-doubt')]).toEqual([45_000, 45_000]);
  });

  it('in doubt is not repeated before the lease is over', () => {
    expect([1, 30].map((attempt) => waits(attempt, 1, undefined, 'in-doubt'))).toEqual([leaseMs, 600_000]);
  });
});

describe('a delivery', () => {
  const fresh = { isRecipient: true, isExpired: false, withdrawnBy: null, inDoubtSince: null };
  const [cancelled, changed] = ['broadcast.cancelled', 'appointment.changed'] as const;
  it('is handed over while it has a recipient and counts', () => expect(needlessFor(fresh, true)).toBeUndefined());

  it.each([
    ['too late', { isExpired: true }, false, 'expired'],
    ['for somebody who left', { isRecipient: false }, false, 'cancelled'],
    ['taken back', { withdrawnBy: cancelled }, false, 'cancelled'],
    ['taken back, and nobody knows', { withdrawnBy: changed, inDoubtSince: new Date() }, false, 'failed'],
    ['too late, and the provider has not got it', { isExpired: true, inDoubtSince: new Date() }, true, 'expired'],
    ['too late, and nobody knows', { isExpired: true, inDoubtSince: new Date() }, false, 'failed'],
  ])('is not when it is %s', (_, change, canAsk, status) => {
    expect(needlessFor({ ...fresh, ...change }, canAsk)).toMatchObject({ status });
  });
});
