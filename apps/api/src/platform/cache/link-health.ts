/**
 * Whether Redis may be believed, from what calls to it came to.
 *
 * A process that lost Redis writes without being able to say so. Others that find Redis again before it does would
 * answer with what they cached before. So after an absence nobody reads from Redis for `settleMs`, which is longer than
 * processes differ in noticing that it is back.
 */
export class LinkHealth {
  #settledAt = Infinity;

  constructor(
    private readonly settleMs: number,
    private readonly now: () => number,
  ) {}

  /** Redis takes commands; invalidations are sent. */
  get reachable(): boolean {
    return this.#settledAt !== Infinity;
  }

  /** Redis has been reachable for long enough: what it says counts. */
  get trusted(): boolean {
    return this.now() >= this.#settledAt;
  }

  lost(): void {
    this.#settledAt = Infinity;
  }

  /** Redis answers again. */
  found(): void {
    if (!this.reachable) this.#settledAt = this.now() + this.settleMs;
  }
}
