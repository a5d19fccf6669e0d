import { describe, expect, it } from '@jest/globals';
import { readingOf } from '../testing/telemetry-fakes.js';
import { identify } from './batch-identity.js';
import type { TelemetryBatch } from './telemetry-batch.js';

const now = Date.UTC(2026, 0, 10);
const yesterday = Date.UTC(2026, 0, 9, 12);
const batch = (change: Partial<TelemetryBatch>): TelemetryBatch => ({
  key: undefined,
  digest: () => Buffer.alloc(32, 1),
  correctionMs: 0,
  clockOffsetMs: undefined,
  readings: [readingOf(1, yesterday * 1_000)],
  rejected: [],
  ...change,
});

describe('a batch is known again', () => {
  it('by its key, else by its content; a single reading by its device and time', () => {
    expect(identify(batch({ key: 'mine' }), now)).toMatchObject({
      key: 'mine',
      stated: true,
      bodyHash: 0x0101010101010101n,
    });
    expect(identify(batch({}), now)).toBeUndefined();
    const two = batch({ rejected: [{ i: 0, code: 'empty' }] });
    expect(identify(two, now)).toMatchObject({ key: `sha256:${'AQEB'.repeat(10)}AQE`, stated: false });
    expect(identify(batch({ correctionMs: -60_000 }), now)).toMatchObject({ stated: false });
  });

  it('by nothing but its key when it says no time: equal values are not the same values', () => {
    const two = { readings: [readingOf(1, yesterday * 1_000), readingOf(2, yesterday * 1_000)], untimed: true };
    expect(identify(batch(two), now)).toBeUndefined();
    expect(identify(batch({ ...two, correctionMs: -60_000 }), now)).toBeUndefined();
    expect(identify(batch({ ...two, key: 'mine' }), now)).toMatchObject({ key: 'mine', stated: true });
  });

  it('has a key that fits its column', () => {
    expect(identify(batch({ correctionMs: -1 }), now)?.key.length).toBeLessThanOrEqual(64);
  });
});

describe('the day of a batch', () => {
  const uuidv7At = (ms: number): string => {
    const hex = ms.toString(16).padStart(12, '0');
    return `${hex.slice(0, 8)}-${hex.slice(8)}-7000-8000-000000000000`;
  };

  it.each([
    ['that its UUIDv7 was made', uuidv7At(Date.UTC(2026, 0, 8)), 0, '2026-01-08'],
    ['of its first reading when the key tells no time', 'plain', 0, '2026-01-09'],
    ['of its first reading when the key was made in another age', uuidv7At(Date.UTC(2019, 0, 8)), 0, '2026-01-09'],
    ['of its first reading as the device has it', 'plain', -24 * 3_600_000, '2026-01-10'],
  ])('is the day %s', (_, key, correctionMs, day) => {
    expect(identify(batch({ key, correctionMs }), now)?.day).toBe(day);
  });
});
