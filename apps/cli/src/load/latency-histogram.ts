/** Buckets of one power of two: a quantile is at most 1/128 too high. */
const halfSize = 128;
const halfBits = 7;
const largest = 2 ** 31 - 1;

/**
 * Counts durations in the buckets of HdrHistogram: exact below 256 µs, then 128 to each power of two, up to half an
 * hour. What never ended counts as infinitely long, so that a quantile does not look better for it.
 */
export class LatencyHistogram {
  readonly #buckets = new Float64Array(bucketOf(largest) + 1);
  #ended = 0;
  #endless = 0;

  /** @param ms 0 or more */
  add(ms: number): void {
    const bucket = bucketOf(Math.min(largest, Math.round(ms * 1_000)));
    this.#buckets[bucket] = (this.#buckets[bucket] ?? 0) + 1;
    this.#ended++;
  }

  addEndless(): void {
    this.#endless++;
  }

  get count(): number {
    return this.#ended + this.#endless;
  }

  /**
   * @param share from 0 to 1
   * @returns milliseconds; NaN when nothing was added
   */
  quantile(share: number): number {
    if (this.count === 0) return NaN;
    let left = Math.max(1, Math.ceil(this.count * share));
    if (left > this.#ended) return Infinity;
    for (const [bucket, count] of this.#buckets.entries()) {
      left -= count;
      if (left <= 0) return highestOf(bucket) / 1_000;
    }
    return Infinity;
  }
}

/** @param micros whole, from 0 to `largest` */
function bucketOf(micros: number): number {
  if (micros < 2 * halfSize) return micros;
  const shift = 31 - Math.clz32(micros) - halfBits;
  return shift * halfSize + (micros >> shift);
}

/** The longest duration a bucket counts, in microseconds. */
function highestOf(bucket: number): number {
  if (bucket < 2 * halfSize) return bucket;
  const shift = Math.floor(bucket / halfSize) - 1;
  return (bucket - shift * halfSize + 1) * 2 ** shift - 1;
}
