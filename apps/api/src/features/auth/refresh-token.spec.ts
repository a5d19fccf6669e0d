import { describe, expect, it } from '@jest/globals';
import { newOpaqueToken } from '../../platform/access/opaque-token.js';
import { judge, successorOf } from './refresh-token.js';

const now = new Date('2026-01-01T00:00:00Z');
const secondsAgo = (s: number): Date => new Date(now.getTime() - s * 1_000);

describe('a refresh token', () => {
  it('rotates on its first use', () => {
    expect(judge({ rotatedAt: null, successorRotated: false }, now)).toBe('rotate');
  });

  it('may be repeated for 10 seconds while its successor is unused', () => {
    expect(judge({ rotatedAt: secondsAgo(10), successorRotated: false }, now)).toBe('repeat');
    expect(judge({ rotatedAt: secondsAgo(11), successorRotated: false }, now)).toBe('reuse');
  });

  it('is stolen when its successor was already used', () => {
    expect(judge({ rotatedAt: secondsAgo(1), successorRotated: true }, now)).toBe('reuse');
  });

  it('has one successor, which nobody without the secret can compute', () => {
    const token = newOpaqueToken();
    const secret = Buffer.alloc(32, 1);
    expect(successorOf(token, secret)).toBe(successorOf(token, secret));
    expect(successorOf(token, Buffer.alloc(32, 2))).not.toBe(successorOf(token, secret));
    expect(successorOf(newOpaqueToken(), secret)).not.toBe(successorOf(token, secret));
  });
});
