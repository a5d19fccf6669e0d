import { describe, expect, it } from '@jest/globals';
import { LinkHealth } from './link-health.js';

describe('the link to Redis', () => {
  it('is not believed at first, nor before it has been there for a while', () => {
    let now = 0;
    const health = new LinkHealth(2_000, () => now);
    expect(health).toMatchObject({ reachable: false, trusted: false });
    health.found();
    expect(health).toMatchObject({ reachable: true, trusted: false });
    now = 1_999;
    expect(health.trusted).toBe(false);
    now = 2_000;
    expect(health.trusted).toBe(true);
  });

  it('waits anew after every loss, and not again for being found twice', () => {
    let now = 0;
    const health = new LinkHealth(2_000, () => now);
    health.found();
    now = 3_000;
    health.found();
    expect(health.trusted).toBe(true);
    health.lost();
    expect(health).toMatchObject({ reachable: false, trusted: false });
    health.found();
    now = 4_999;
    expect(health.trusted).toBe(false);
  });
});
