/** What was not used is saved up for this long, for gateways that send what they kept while they were cut off. */
const savedForMs = 10_000;

/**
 * A hospital's rows a second. How many a request has is known only when it has been read, so one is let in while
 * anything is left, and what it takes beyond that is owed.
 */
export class RowQuota {
  #perMs = Infinity;
  #left = Infinity;
  #countedAt = 0;

  constructor(private readonly now: () => number = () => performance.now()) {}

  /** @param rowsPerSecond undefined: without limit */
  limitTo(rowsPerSecond: number | undefined): void {
    const perMs = rowsPerSecond === undefined ? Infinity : rowsPerSecond / 1_000;
    if (perMs === this.#perMs) return;
    this.#perMs = perMs;
    this.#left = perMs * savedForMs;
    this.#countedAt = this.now();
  }

  take(rows: number): void {
    if (this.#perMs !== Infinity) this.#left -= rows;
  }

  /** How long until something is left; 0 while it is. */
  get waitMs(): number {
    if (this.#perMs === Infinity) return 0;
    const now = this.now();
    this.#left = Math.min(this.#perMs * savedForMs, this.#left + (now - this.#countedAt) * this.#perMs);
    this.#countedAt = now;
    return this.#left > 0 ? 0 : -this.#left / this.#perMs + 1;
  }
}
