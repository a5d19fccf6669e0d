const longestMs = 5_000;
/** A chunk that takes so many times what the quickest took has met others. */
const busyFactor = 3;

/**
 * How long an import rests after each chunk. It has no part in the queue of live readings, so it watches what it shares
 * with them: when its own commits become slow it rests longer each time, and recovers when they are quick again.
 */
export class Pace {
  #quickestPerRow = Infinity;
  #restMs = 0;

  /** @param rowsPerSecond at most */
  constructor(private readonly rowsPerSecond: number) {}

  /** @returns milliseconds */
  restAfter(rows: number, tookMs: number): number {
    const perRow = tookMs / Math.max(1, rows);
    this.#quickestPerRow = Math.min(this.#quickestPerRow, perRow);
    const busy = perRow > busyFactor * this.#quickestPerRow;
    this.#restMs = busy ? Math.min(longestMs, Math.max(tookMs, this.#restMs * 2)) : Math.floor(this.#restMs / 2);
    return Math.max(this.#restMs, (rows * 1_000) / this.rowsPerSecond - tookMs);
  }
}
