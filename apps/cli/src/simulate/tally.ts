/** What became of the readings so far. */
export class Tally {
  /** Put into batches; a reading sent again in another batch counts again. */
  sent = 0;
  /** Due, but given up before they were put into a batch. */
  abandoned = 0;
  /** Stored, by this batch or (`duplicates`) before it. */
  acknowledged = 0;
  duplicates = 0;
  rejected = 0;
  /** Those of `rejected` that were made wrong on purpose. */
  rejectedOnPurpose = 0;
  retries = 0;
  readonly #latencies: number[] = [];

  /** Readings that are neither stored nor rightly refused: on their way while running, lost at the end. */
  get unaccounted(): number {
    return this.sent + this.abandoned - this.acknowledged - this.rejectedOnPurpose;
  }

  /** @param ms from the first attempt to the acknowledgement */
  addLatency(ms: number): void {
    if (this.#latencies.push(ms) > 1_000) this.#latencies.shift();
  }

  /** Over the last thousand batches, milliseconds; undefined before the first. */
  latency(quantile: number): number | undefined {
    const sorted = this.#latencies.toSorted((a, b) => a - b);
    return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * quantile))];
  }
}
