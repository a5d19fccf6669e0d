/** Buckets grow by this factor, so a quantile is at most 1 % too high. */
const GROWTH = 1.01;
const SMALLEST_MS = 0.001;

/**
 * @typedef {object} HistogramCounts
 * @property {[bucket: number, count: number][]} buckets
 * @property {number} max milliseconds
 */

/** Counts durations without keeping them; quantiles are right within 1 %. */
export class Histogram {
  /** @type {number[]} */
  #buckets = [];
  #count = 0;
  #max = 0;

  get count() {
    return this.#count;
  }

  /** @param {number} ms */
  add(ms) {
    const i = ms <= SMALLEST_MS ? 0 : Math.ceil(Math.log(ms / SMALLEST_MS) / Math.log(GROWTH));
    this.#buckets[i] = (this.#buckets[i] ?? 0) + 1;
    this.#count++;
    this.#max = Math.max(this.#max, ms);
  }

  /** Adds all that another one counted. @param {HistogramCounts} counts */
  merge({ buckets, max }) {
    for (const [i, count] of buckets) {
      this.#buckets[i] = (this.#buckets[i] ?? 0) + count;
      this.#count += count;
    }
    this.#max = Math.max(this.#max, max);
  }

  /** @returns {HistogramCounts} what another process can {@link merge} */
  counts() {
    return { buckets: [...this.#buckets.entries()].filter(([, count]) => count > 0), max: this.#max };
  }

  /**
   * @param {number} share from 0 to 1
   * @returns {number} milliseconds; NaN when nothing was added
   */
  quantile(share) {
    let left = Math.max(1, Math.ceil(this.#count * share));
    for (const [i, count = 0] of this.#buckets.entries()) {
      left -= count;
      if (left <= 0) return Math.min(this.#max, SMALLEST_MS * GROWTH ** i);
    }
    return NaN;
  }

  /** @returns {{ count: number, p50: number, p95: number, p99: number, max: number }} */
  summary() {
    return {
      count: this.#count,
      p50: round(this.quantile(0.5)),
      p95: round(this.quantile(0.95)),
      p99: round(this.quantile(0.99)),
      max: round(this.#max),
    };
  }
}

/** @param {number} value */
const round = (value) => Math.round(value * 100) / 100;
