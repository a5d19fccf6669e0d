import { describe, expect, it } from '@jest/globals';
import { AppError } from '@hms/contracts';
import type { RateLimits } from '../../platform/limits/rate-limits.service.js';
import { AddressGuesses, maxJudgedAtOnce } from './address-guesses.service.js';

const address = '192.0.2.1';
const quota = { name: 'test', units: 20, windowSeconds: 60, instances: 1, strict: true };

/** A count of wrong guesses without a window, and what it was told. */
function counting() {
  const count = { wrong: 0 };
  const limits: Pick<RateLimits, 'mayGuess' | 'recordWrongGuess'> = {
    mayGuess: () => {
      const remaining = Math.max(0, quota.units - count.wrong);
      return Promise.resolve({ granted: remaining > 0, quota, remaining, waitMs: 1_000 });
    },
    recordWrongGuess: () => Promise.resolve(void (count.wrong += 1)),
  };
  return { count, guesses: new AddressGuesses(limits as RateLimits) };
}

const outcomeOf = (answer: Promise<unknown>): Promise<unknown> =>
  answer.catch((err: unknown) => (err instanceof AppError ? err.code : 'thrown'));

describe('guesses from one address', () => {
  it('that are right are not refused for one another, however many are judged at once', async () => {
    const { guesses, count } = counting();
    const all = Array.from({ length: maxJudgedAtOnce }, () =>
      outcomeOf(guesses.judge(address, () => Promise.resolve('proof'))),
    );
    expect(new Set(await Promise.all(all))).toEqual(new Set(['proof']));
    expect(count.wrong).toBe(0);
  });

  it('end after 20 wrong ones', async () => {
    const { guesses } = counting();
    const outcomes: unknown[] = [];
    for (let i = 0; i < 22; i++)
      outcomes.push(await outcomeOf(guesses.judge(address, () => Promise.resolve(undefined))));
    expect(outcomes).toEqual([...Array<undefined>(20).fill(undefined), 'rate.limited', 'rate.limited']);
  });

  it('go past the quota by no more than are judged at once, and all of those count', async () => {
    const { guesses, count } = counting();
    for (let i = 0; i < 19; i++) await guesses.judge(address, () => Promise.resolve(undefined));
    let judge: (proof: undefined) => void = () => undefined;
    const verdict = new Promise<undefined>((resolve) => (judge = resolve));
    const all = Array.from({ length: 3 * maxJudgedAtOnce }, () => outcomeOf(guesses.judge(address, () => verdict)));
    judge(undefined);
    const outcomes = await Promise.all(all);
    expect(outcomes.filter((outcome) => outcome === 'service.busy')).toHaveLength(2 * maxJudgedAtOnce);
    expect(count.wrong).toBe(19 + maxJudgedAtOnce);
    expect(await outcomeOf(guesses.judge(address, () => verdict))).toBe('rate.limited');
  });

  it('of which nobody could say whether they were right do not count', async () => {
    const { guesses, count } = counting();
    for (let i = 0; i < 2 * maxJudgedAtOnce; i++)
      expect(await outcomeOf(guesses.judge(address, () => Promise.reject(new Error('busy'))))).toBe('thrown');
    expect(count.wrong).toBe(0);
  });

  it('are no matter of another address', async () => {
    const { guesses } = counting();
    for (let i = 0; i < maxJudgedAtOnce; i++) void guesses.judge(address, () => new Promise(() => undefined));
    expect(await outcomeOf(guesses.judge('192.0.2.2', () => Promise.resolve('proof')))).toBe('proof');
  });
});
