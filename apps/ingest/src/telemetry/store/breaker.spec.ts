import { expect, it } from '@jest/globals';
import { Breaker } from './breaker.js';

it('opens for a second after three failures in a row, and again with each one after', () => {
  let now = 0;
  const breaker = new Breaker(() => now);
  for (const step of ['failed', 'failed', 'succeeded', 'failed', 'failed'] as const) breaker[step]();
  expect(breaker.open).toBe(false);
  breaker.failed();
  expect(breaker.open).toBe(true);
  now = 1_000;
  expect(breaker.open).toBe(false);
  breaker.failed();
  expect(breaker.open).toBe(true);
  breaker.succeeded();
  now = 2_000;
  breaker.failed();
  expect(breaker.open).toBe(false);
});
