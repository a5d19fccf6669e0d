import type { ResolvedReading } from '../reading.js';

/** The worker finds what is younger among all that was recorded since; for older readings it would have to look far. */
const freshMicros = 10 * 60_000_000;

/** Before this a reading of the flush is no longer fresh: the number of a flush is the microsecond it was drawn in. */
export const freshSince = (flushNo: number): number => flushNo - freshMicros;

/** When the oldest fresh reading of somebody was recorded, in microseconds since 1970; Infinity when there is none. */
export function oldestFresh(rows: readonly ResolvedReading[], flushNo: number): number {
  const since = freshSince(flushNo);
  let oldest = Infinity;
  for (const { reading, assignment } of rows) {
    if (assignment && reading.recordedAt >= since && reading.recordedAt < oldest) oldest = reading.recordedAt;
  }
  return oldest;
}
