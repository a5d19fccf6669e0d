import { describe, expect, it } from '@jest/globals';
import { firstPortion, halfOf, nextPortion, type Portion } from './rollup-portion.policy.js';

const after = (ms: number, steps: number): Portion =>
  Array.from({ length: steps }).reduce<Portion>((portion) => nextPortion(portion, ms), firstPortion);

describe('what is summed up in one transaction', () => {
  it('is one minute at first, and up to an hour while that is quick', () => {
    expect(firstPortion.minutes).toBe(1);
    expect(after(10, 3).minutes).toBe(8);
    expect(after(10, 20)).toEqual({ minutes: 60, entries: 200, pieceMinutes: 120 });
  });

  it('is one minute again when it was not', () => {
    expect(nextPortion(after(10, 20), 500).minutes).toBe(1);
  });

  it('can be halved until it is the smallest there is', () => {
    const halves: Portion[] = [];
    for (let half: Portion | undefined = firstPortion; half; half = halfOf(half)) halves.push(half);
    expect(halves[1]).toEqual({ minutes: 1, entries: 100, pieceMinutes: 60 });
    expect(halves.at(-1)).toEqual({ minutes: 1, entries: 1, pieceMinutes: 1 });
    expect(halves.length).toBeLessThan(10);
  });
});
