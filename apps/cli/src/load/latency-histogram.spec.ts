import fc from 'fast-check';
import { LatencyHistogram } from './latency-histogram.js';

describe('latencies', () => {
  it('give quantiles at most 1/128 above the exact ones, never below', () => {
    const micros = fc.array(fc.integer({ min: 0, max: 2 ** 31 - 1 }), { minLength: 1, maxLength: 200 });
    fc.assert(
      fc.property(micros, fc.double({ min: 0, max: 1, noNaN: true }), (durations, share) => {
        const histogram = new LatencyHistogram();
        for (const each of durations) histogram.add(each / 1_000);
        const sorted = durations.toSorted((a, b) => a - b);
        const exact = sorted[Math.max(1, Math.ceil(sorted.length * share)) - 1] ?? NaN;
        const found = histogram.quantile(share) * 1_000;
        expect(found).toBeGreaterThanOrEqual(exact - 1e-3);
        expect(found).toBeLessThanOrEqual(exact * (1 + 1 / 128) + 1e-3);
      }),
    );
  });

  it('count what never ended as infinitely long', () => {
    const histogram = new LatencyHistogram();
    for (let i = 0; i < 98; i++) histogram.add(1);
    for (let i = 0; i < 2; i++) histogram.addEndless();
    expect(histogram.quantile(0.98)).toBeCloseTo(1, 1);
    expect(histogram.quantile(0.99)).toBe(Infinity);
  });

  it('are unknown when there are none', () => {
    expect(new LatencyHistogram().quantile(0.5)).toBeNaN();
  });
});
