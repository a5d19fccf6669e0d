import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { minuteMs, planRollups, quarterMs, type Stretch } from './rollup-plan.policy.js';

const widths = [1, 5, 15, 60].map((minutes) => minutes * minuteMs);
const day = 24 * 60 * minuteMs;

describe('the parts of a window', () => {
  it('cover it once, each in units of its table, and summed up only before the limit', () => {
    fc.assert(
      fc.property(
        fc.nat(day),
        fc.integer({ min: 1, max: day }),
        fc.constantFrom(...widths),
        fc.nat(2 * (day / minuteMs)),
        (from, span, width, rolledMinutes) => {
          const rolledUntil = rolledMinutes * minuteMs;
          const { quarters, minutes, raw } = planRollups([from, from + span], width, rolledUntil);
          const all: Stretch[] = [...quarters, ...minutes, ...raw].sort(([a], [b]) => a - b);
          expect(all[0]?.[0]).toBe(from);
          expect(all.at(-1)?.[1]).toBe(from + span);
          for (const [i, [start]] of all.entries()) if (i > 0) expect(start).toBe(all[i - 1]?.[1]);
          const whole = (part: readonly Stretch[], unit: number) =>
            part.every(([a, b]) => a % unit === 0 && b % unit === 0 && b <= rolledUntil);
          expect(whole(quarters, quarterMs)).toBe(true);
          expect(whole(minutes, minuteMs)).toBe(true);
          if (width < quarterMs) expect(quarters).toEqual([]);
        },
      ),
    );
  });

  it('are rolled up as far as possible', () => {
    const [from, to] = [quarterMs - 1, 5 * quarterMs + minuteMs + 1];
    expect(planRollups([from, to], quarterMs, 10 * quarterMs)).toEqual({
      quarters: [[quarterMs, 5 * quarterMs]],
      minutes: [[5 * quarterMs, 5 * quarterMs + minuteMs]],
      raw: [
        [from, quarterMs],
        [to - 1, to],
      ],
    });
    expect(planRollups([from, to], quarterMs, 0)).toEqual({ quarters: [], minutes: [], raw: [[from, to]] });
  });
});
