import { Pace } from './pace.js';

describe('the pace of an import', () => {
  it('keeps to the rate it may have', () => {
    expect(new Pace(10_000).restAfter(5_000, 100)).toBe(400);
  });

  it('does not rest while the database is quick', () => {
    const pace = new Pace(Infinity);
    expect([100, 120, 90].map((ms) => pace.restAfter(5_000, ms))).toEqual([0, 0, 0]);
  });

  it('rests longer each time the database is slow, five seconds at most, and recovers', () => {
    const pace = new Pace(Infinity);
    pace.restAfter(5_000, 100);
    expect([400, 400, 400, 400, 400, 400].map((ms) => pace.restAfter(5_000, ms))).toEqual([
      400, 800, 1_600, 3_200, 5_000, 5_000,
    ]);
    expect([100, 100].map((ms) => pace.restAfter(5_000, ms))).toEqual([2_500, 1_250]);
  });
});
