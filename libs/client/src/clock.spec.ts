import { describe, expect, it } from '@jest/globals';
import { syncOp } from '@hms/contracts';
import { offsetBy, startOfTime, tick, witness } from './clock.js';

const noon = Date.parse('2026-01-05T12:00:00Z');

describe('the clock of events', () => {
  it('is written as the contract wants it', () => {
    expect(syncOp.shape.hlc.safeParse(tick(startOfTime, noon)).success).toBe(true);
  });

  it('goes forward with the time, and counts within a millisecond', () => {
    const first = tick(startOfTime, noon);
    const second = tick(first, noon);
    const third = tick(second, noon + 1);
    expect([first, second, third]).toEqual([...new Set([third, second, first])].sort());
  });

  it('never goes back, though the clock of the device does', () => {
    const before = tick(startOfTime, noon);
    expect(tick(before, noon - 3_600_000) > before).toBe(true);
  });

  it('goes on when its counter is full', () => {
    const full = `${noon.toString(16).padStart(12, '0')}-ffff`;
    expect(tick(full, noon) > full).toBe(true);
  });

  it('is no earlier than what the server said', () => {
    const before = tick(startOfTime, noon);
    expect(tick(witness(before, noon + 5_000), noon) > tick(startOfTime, noon + 5_000)).toBe(true);
    expect(witness(before, noon - 5_000)).toBe(before);
    expect(witness(before, NaN)).toBe(before);
  });
});

describe('how far a clock is off', () => {
  const answer = (sentAt: number, receivedAt: number) => ({
    sentAt,
    receivedAt,
    serverTime: new Date(noon).toISOString(),
  });

  it('is told by the middle of the way there and back', () => {
    expect(offsetBy(answer(noon - 1_100, noon - 900))).toBe(1_000);
  });

  it.each([
    ['took too long', noon, noon + 31_000],
    ['came before it was asked for: the clock was set back', noon, noon - 1],
  ])('is not told by an answer that %s', (_, sentAt, receivedAt) => {
    expect(offsetBy(answer(sentAt, receivedAt))).toBeUndefined();
  });
});
