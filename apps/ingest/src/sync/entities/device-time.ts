import type { Fields } from './row.js';

/** A clock that is further off makes a time suspect, though it was corrected. */
const suspectMs = 10 * 60_000;

/**
 * When something happened, told by a clock that is `off` milliseconds slow: corrected, and never later than now, because
 * nobody records what has not happened.
 */
export function deviceTime(recordedAt: unknown, off: number, now: number): Fields {
  const stated = typeof recordedAt === 'string' ? Date.parse(recordedAt) + off : now;
  const inRange = stated <= now;
  return {
    recordedAt: new Date(inRange ? stated : now).toISOString(),
    clockSuspect: Math.abs(off) > suspectMs || !inRange,
  };
}
