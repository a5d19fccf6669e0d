import { describe, expect, it } from '@jest/globals';
import { assertMayBeResolved, quietMs, type Condition } from './resolving.policy.js';

const now = new Date('2026-03-01T12:00:00Z');
const ago = (ms: number) => new Date(now.getTime() - ms);
const resolving = (condition: Partial<Condition>) => () =>
  assertMayBeResolved({ kind: 'limit', lastSeenAt: ago(1_000), normalSince: null, ...condition }, now);

describe('ending an alarm by hand', () => {
  it('is refused while readings show what raised it', () => {
    expect(resolving({})).toThrow('alarm.still-present');
    expect(resolving({ lastSeenAt: ago(quietMs - 1) })).toThrow('alarm.still-present');
  });

  it('is possible when nothing shows it any more', () => {
    expect(resolving({ lastSeenAt: ago(quietMs) })).not.toThrow();
    expect(resolving({ normalSince: ago(500) })).not.toThrow();
  });

  it('is possible for a device at any time: its alarm comes back by itself', () => {
    expect(resolving({ kind: 'technical' })).not.toThrow();
  });

  it('is never possible for a score, which is what the patient has', () => {
    expect(resolving({ kind: 'score', lastSeenAt: ago(10 * quietMs) })).toThrow('alarm.ends-by-itself');
  });
});
