import { describe, expect, it } from '@jest/globals';
import { stateOfKey } from './gateway-key.states.js';

const now = new Date('2026-03-01T12:00:00Z');
const later = new Date(now.getTime() + 1);

describe('a gateway key', () => {
  it.each([
    ['active', null, null],
    ['expiring', later, null],
    ['expired', now, null],
    ['revoked', null, now],
    ['revoked', later, now],
  ] as const)('is %s when it expires at %p and was revoked at %p', (state, expiresAt, revokedAt) => {
    expect(stateOfKey({ expiresAt, revokedAt }, now)).toBe(state);
  });
});
