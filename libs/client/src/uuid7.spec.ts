import { describe, expect, it } from '@jest/globals';
import { z } from 'zod';
import { uuid7 } from './uuid7.js';

describe('a UUIDv7', () => {
  it.each([0x00, 0xff])('is one by the standard, whatever is random: %i', (byte) => {
    const id = uuid7(Date.parse('2026-01-05T10:00:00Z'), new Uint8Array(10).fill(byte));
    expect(z.uuidv7().safeParse(id).success).toBe(true);
    expect(id).toHaveLength(36);
  });

  it('sorts by its time', () => {
    const random = new Uint8Array(10);
    expect(uuid7(1_000, random) < uuid7(1_001, random)).toBe(true);
  });
});
