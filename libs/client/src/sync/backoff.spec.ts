import { describe, expect, it } from '@jest/globals';
import { backoffMs, parseRetryAfter, retryAfterMs } from './backoff.js';

describe('waiting after a failure', () => {
  it.each([
    [1, 2_000],
    [2, 4_000],
    [5, 32_000],
    [9, 300_000],
    [1_000, 300_000],
  ])('is after %i failures between a second and %i ms', (failures, most) => {
    expect(backoffMs(failures, 0)).toBe(1_000);
    expect(backoffMs(failures, 1)).toBe(most);
  });

  it('is never shorter than the server asked for', () => {
    expect(retryAfterMs(4_000, 0)).toBe(4_000);
    expect(retryAfterMs(4_000, 1)).toBe(6_000);
  });

  it.each([
    ['120', 120_000],
    ['0', 0],
    ['Mon, 05 Jan 2026 10:00:30 GMT', 30_000],
    ['Mon, 05 Jan 2026 09:00:00 GMT', 0],
    ['soon', undefined],
    ['', undefined],
    [null, undefined],
  ])('reads Retry-After: %s', (header, ms) => {
    expect(parseRetryAfter(header, Date.parse('2026-01-05T10:00:00Z'))).toBe(ms);
  });
});
