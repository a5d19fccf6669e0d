import { describe, expect, it } from '@jest/globals';
import { assertMayBeResolved, type Condition } from './resolving.policy.js';

const resolving = (condition: Partial<Condition>) => () =>
  assertMayBeResolved({ kind: 'limit', shown: false, monitored: true, ...condition });

describe('ending an alarm by hand', () => {
  it('is refused while readings show what raised it', () => {
    expect(resolving({ shown: true })).toThrow('alarm.still-present');
  });

  it('is possible when nothing shows it any more', () => {
    expect(resolving({ shown: false })).not.toThrow();
  });

  it('is possible for a device at any time: its alarm comes back by itself', () => {
    expect(resolving({ kind: 'technical', shown: true })).not.toThrow();
  });

  it('is not possible for a score, which is what the patient has, while there is a device to end it', () => {
    expect(resolving({ kind: 'score' })).toThrow('alarm.ends-by-itself');
    expect(resolving({ kind: 'score', monitored: false })).not.toThrow();
  });
});
