import { maxClockAheadMs, maxReadingAgeMs, readingFlag } from '@hms/contracts';

const noticeableMs = 2_000;
const maxInt4 = 0x7fff_ffff;

/** What a batch tells about the clock behind its times. */
export interface GatewayClock {
  /** Received minus sent; undefined when the gateway does not say when it sent. */
  readonly offsetMs: number | undefined;
  /** Added to each time of the batch. */
  readonly correctionMs: number;
  readonly flags: number;
}

/**
 * A clock that runs ahead by more than the tolerance is corrected, because the readings would lie in the future. One
 * that seems to be behind is left alone: it may be right, and the batch late.
 */
export function gatewayClock(receivedMs: number, sentMs: number | undefined): GatewayClock {
  if (sentMs === undefined) return { offsetMs: undefined, correctionMs: 0, flags: 0 };
  const offsetMs = Math.round(receivedMs - sentMs);
  const ahead = offsetMs < -maxClockAheadMs && offsetMs >= -maxReadingAgeMs;
  return {
    offsetMs: Math.abs(offsetMs) <= maxInt4 ? offsetMs : undefined,
    correctionMs: ahead ? offsetMs : 0,
    flags: Math.abs(offsetMs) > noticeableMs ? readingFlag.skew : 0,
  };
}
