/** How long an answer of Redis is good for, from when it was asked. */
export const leaseMs = 900;

/**
 * Whether Redis may be believed, from when it last answered.
 *
 * Whoever writes has to tell Redis, and waits for it longer than `leaseMs` before it goes on without. So while Redis
 * answered a question that is younger than that, nobody has gone on without it; afterwards somebody may have, and would
 * tell Redis only once it is back. After an absence nobody therefore reads from Redis for `settleMs`, which is longer
 * than processes differ in noticing that it is back.
 */
export class LinkHealth {
  #reachableUntil = -Infinity;
  #settledAt = Infinity;

  constructor(
    private readonly settleMs: number,
    private readonly now: () => number,
  ) {}

  /** Redis answered within a lease. */
  get reachable(): boolean {
    return this.now() < this.#reachableUntil;
  }

  /** Redis has been reachable for long enough: what it says counts. */
  get trusted(): boolean {
    return this.reachable && this.now() >= this.#settledAt;
  }

  lost(): void {
    this.#reachableUntil = -Infinity;
  }

  /**
   * Redis answered what it was asked at `askedAt`.
   * @returns whether it had been away
   */
  answered(askedAt: number): boolean {
    const until = askedAt + leaseMs;
    if (until <= this.now()) return false;
    const returned = !this.reachable;
    if (returned) this.#settledAt = this.now() + this.settleMs;
    this.#reachableUntil = Math.max(this.#reachableUntil, until);
    return returned;
  }
}
