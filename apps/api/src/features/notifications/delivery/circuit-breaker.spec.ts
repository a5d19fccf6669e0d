import { beforeEach, describe, expect, it } from '@jest/globals';
import { CircuitBreaker } from './circuit-breaker.js';

let breaker: CircuitBreaker;
const [many, probe] = [
  { most: 8, isProbe: false },
  { most: 1, isProbe: true },
];
const fail = (times: number, now: number): void => {
  for (let i = 0; i < times; i += 1) breaker.failed(now, many);
};
const allowed = (wanted: number, now: number): number => breaker.allow(wanted, now).most;
beforeEach(() => {
  breaker = new CircuitBreaker();
});

describe('a circuit breaker', () => {
  it('lets everything through while the provider works, and after failures that are not five in a row', () => {
    fail(4, 0);
    breaker.succeeded();
    fail(4, 0);
    expect(allowed(8, 0)).toBe(8);
  });

  it('lets nothing through for five seconds after five failures in a row, then one try at a time', () => {
    fail(5, 1_000);
    expect([allowed(8, 1_000), allowed(8, 5_999)]).toEqual([0, 0]);
    expect([allowed(8, 6_000), allowed(8, 6_000)]).toEqual([1, 0]);
  });

  it('takes those that fail while it opens for one failure', () => {
    fail(50, 0);
    expect(allowed(8, 5_000)).toBe(1);
  });

  it('doubles the pause with each try that fails, up to five minutes', () => {
    fail(5, 0);
    let now = 0;
    for (const pause of [5_000, 10_000, 20_000, 40_000, 80_000, 160_000, 300_000, 300_000]) {
      expect(allowed(1, now + pause - 1)).toBe(0);
      now += pause;
      expect(allowed(1, now)).toBe(1);
      breaker.failed(now, probe);
    }
  });

  it('closes with the first success', () => {
    fail(5, 0);
    expect(allowed(8, 5_000)).toBe(1);
    breaker.succeeded();
    expect([allowed(8, 5_000), breaker.isOpen]).toEqual([8, false]);
  });

  it('gives the try to the next when there was nothing to try', () => {
    fail(5, 0);
    allowed(8, 5_000);
    breaker.unused(probe);
    expect(allowed(8, 5_000)).toBe(1);
  });

  it('lets one try at a time through whatever comes of those that were under way', () => {
    fail(5, 0);
    expect(allowed(8, 5_000)).toBe(1);
    breaker.unused(many);
    fail(3, 5_000);
    expect(allowed(8, 5_000)).toBe(0);
    breaker.failed(5_000, probe);
    expect([allowed(8, 14_999), allowed(8, 15_000)]).toEqual([0, 1]);
  });
});
