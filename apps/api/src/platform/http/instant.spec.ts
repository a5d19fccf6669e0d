import 'reflect-metadata';
import { describe, expect, it } from '@jest/globals';
import { parseInstant } from './instant.js';

const instant = (text: string) => parseInstant(text)?.toISOString();

describe('a time at the wire', () => {
  it('is the same moment in any zone', () => {
    expect(instant('2026-01-31T08:30:00Z')).toBe('2026-01-31T08:30:00.000Z');
    expect(instant('2026-01-31T14:00:00.000+05:30')).toBe('2026-01-31T08:30:00.000Z');
    expect(instant('2026-01-31T08:30z')).toBe('2026-01-31T08:30:00.000Z');
  });

  it('survives a plus that a query string turned into a blank', () => {
    expect(instant('2026-01-31T09:30:00 01:00')).toBe('2026-01-31T08:30:00.000Z');
  });

  it.each([
    '2026-01-31T08:30:00',
    '2026-01-31',
    '2026-02-30T08:30:00Z',
    '2025-02-29T00:00:00Z',
    '2026-13-01T00:00:00Z',
    '2026-01-31T24:00:00Z',
    '2026-01-31T08:30:61Z',
    '1767225600',
    'now',
    '',
  ])('is refused as %j', (text) => {
    expect(parseInstant(text)).toBeUndefined();
  });
});
