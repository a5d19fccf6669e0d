import { describe, expect, it } from '@jest/globals';
import { RowQuota } from './row-quota.js';

function setUp(rowsPerSecond: number | undefined) {
  const clock = { now: 0 };
  const quota = new RowQuota(() => clock.now);
  quota.limitTo(rowsPerSecond);
  return { clock, quota };
}

describe('a quota of rows', () => {
  it('lets in while anything is left, and again once what was taken beyond it is paid off', () => {
    const { clock, quota } = setUp(100);
    quota.take(999);
    expect(quota.waitMs).toBe(0);
    quota.take(201);
    expect(quota.waitMs).toBeCloseTo(2_001);
    clock.now = 1_999;
    expect(quota.waitMs).toBeGreaterThan(0);
    clock.now = 2_010;
    expect(quota.waitMs).toBe(0);
  });

  it('saves up ten seconds, and no more', () => {
    const { clock, quota } = setUp(100);
    clock.now = 3_600_000;
    expect(quota.waitMs).toBe(0);
    quota.take(1_001);
    expect(quota.waitMs).toBeGreaterThan(0);
  });

  it('keeps what is owed when the same limit is read again, and starts anew with another', () => {
    const { quota } = setUp(100);
    quota.take(5_000);
    quota.limitTo(100);
    expect(quota.waitMs).toBeGreaterThan(0);
    quota.limitTo(200);
    expect(quota.waitMs).toBe(0);
  });

  it('is no limit where none is set', () => {
    const { quota } = setUp(undefined);
    quota.take(1e9);
    expect(quota.waitMs).toBe(0);
  });
});
