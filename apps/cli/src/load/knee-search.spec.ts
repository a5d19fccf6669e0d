import fc from 'fast-check';
import { kneeSearch } from './knee-search.js';

function search(start: number, holds: (rate: number) => boolean): { knee: number | undefined; tried: number[] } {
  const tried: number[] = [];
  const rates = kneeSearch(start);
  let next = rates.next();
  while (!next.done) {
    tried.push(next.value);
    next = rates.next(holds(next.value));
  }
  return { knee: next.value, tried };
}

describe('the search for the knee', () => {
  it('ends within 10 % below the highest rate that holds, wherever it starts', () => {
    const rate = fc.double({ min: 1, max: 1e6, noNaN: true });
    fc.assert(
      fc.property(rate, fc.double({ min: 2, max: 1e6, noNaN: true }), (start, highest) => {
        const { knee = NaN, tried } = search(start, (asked) => asked <= highest);
        expect(knee).toBeLessThanOrEqual(highest);
        expect(knee * 1.1).toBeGreaterThan(highest * (1 - 1e-9));
        expect(tried).toContain(knee);
        expect(tried.length).toBeLessThan(60);
      }),
    );
  });

  it('finds none when nothing holds', () => {
    expect(search(1_000, () => false).knee).toBeUndefined();
  });

  it('tries nothing twice', () => {
    const { tried } = search(1_000, (rate) => rate <= 12_345);
    expect(new Set(tried).size).toBe(tried.length);
  });
});
