import { beforeEach, describe, expect, it } from '@jest/globals';
import { leaseMs, LinkHealth } from './link-health.js';

let now: number;
let health: LinkHealth;
beforeEach(() => {
  now = 0;
  health = new LinkHealth(2_000, () => now);
});

/** Redis answers without delay until then. */
function answersUntil(end: number): void {
  for (; now < end; now += 100) health.answered(now);
}

describe('the link to Redis', () => {
  it('is not believed at first, nor before it has been there for a while', () => {
    expect(health).toMatchObject({ reachable: false, trusted: false });
    expect(health.answered(0)).toBe(true);
    expect(health).toMatchObject({ reachable: true, trusted: false });
    answersUntil(1_900);
    expect(health.trusted).toBe(false);
    answersUntil(2_100);
    expect(health.trusted).toBe(true);
  });

  it('survives a pause that is shorter than a lease', () => {
    answersUntil(3_000);
    now += leaseMs - 200;
    expect(health.trusted).toBe(true);
    expect(health.answered(now)).toBe(false);
    expect(health.trusted).toBe(true);
  });

  it('is over a lease after the last question that was answered, and then has to settle again', () => {
    answersUntil(3_000);
    now += leaseMs;
    expect(health).toMatchObject({ reachable: false, trusted: false });
    expect(health.answered(now)).toBe(true);
    expect(health).toMatchObject({ reachable: true, trusted: false });
  });

  it('is not renewed by the answer to a question from before', () => {
    answersUntil(3_000);
    const asked = now;
    now += leaseMs + 50;
    expect(health.answered(asked)).toBe(false);
    expect(health.reachable).toBe(false);
  });

  it('is over at once when the connection is', () => {
    answersUntil(3_000);
    health.lost();
    expect(health).toMatchObject({ reachable: false, trusted: false });
    expect(health.answered(now)).toBe(true);
    expect(health.trusted).toBe(false);
  });
});
