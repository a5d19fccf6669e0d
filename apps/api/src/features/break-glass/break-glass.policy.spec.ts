import { describe, expect, it } from '@jest/globals';
import { assertFreshProof, statusOf, timesOf } from './break-glass.policy.js';

const now = new Date('2026-05-01T08:00:00Z');
const after = (minutes: number): Date => new Date(now.getTime() + minutes * 60_000);

describe('a break-glass access', () => {
  it('lasts as long as was asked for and is reviewed within three days', () => {
    expect(timesOf(now, 60)).toEqual({ openedAt: now, expiresAt: after(60), reviewDueAt: after(72 * 60) });
  });

  it.each([
    ['just now', after(0), true],
    ['5 minutes ago', after(-5), true],
    ['longer ago', new Date(after(-5).getTime() - 1), false],
    ['never', undefined, false],
  ])('takes a proof of who it is from %s: %s', (_, provedAt, counts) => {
    const check = () => assertFreshProof(provedAt && { provedAt, mfaAt: now, isEnrolled: true }, now);
    if (counts) expect(check).not.toThrow();
    else expect(check).toThrow('break-glass.proof-required');
  });

  it.each([
    ['just now', after(0), true],
    ['longer ago than the password', after(-6), false],
    ['never', null, false],
  ])('takes one by a second factor from %s: %s', (_, mfaAt, counts) => {
    const check = () => assertFreshProof({ provedAt: now, mfaAt, isEnrolled: true }, now);
    if (counts) expect(check).not.toThrow();
    else expect(check).toThrow('break-glass.proof-required');
  });

  it('tells whoever has no second factor to get one', () => {
    const check = () => assertFreshProof({ provedAt: now, mfaAt: null, isEnrolled: false }, now);
    expect(check).toThrow('break-glass.second-factor-missing');
  });

  it.each([
    ['open', { closedAt: null, reviewedAt: null }, 59],
    ['unreviewed', { closedAt: null, reviewedAt: null }, 60],
    ['unreviewed', { closedAt: after(5), reviewedAt: null }, 6],
    ['reviewed', { closedAt: null, reviewedAt: after(1) }, 2],
  ] as const)('is %s', (status, state, minutes) => {
    expect(statusOf({ expiresAt: after(60), ...state }, after(minutes))).toBe(status);
  });
});
