/**
 * Numbers flushes so that they grow across restarts: each is at least the microsecond it was drawn in. Flushes commit
 * in any order, so the position a client may resume from is the one before the oldest that is still open.
 */
export class FlushNumbers {
  readonly #open = new Set<number>();
  #last = 0;

  constructor(private readonly now: () => number = Date.now) {}

  open(): number {
    this.#last = Math.max(this.#last + 1, this.now() * 1_000);
    this.#open.add(this.#last);
    return this.#last;
  }

  close(flushNo: number): void {
    this.#open.delete(flushNo);
  }

  /** Everything up to here is committed or will never be. */
  get position(): number {
    let oldest = this.#last + 1;
    for (const flushNo of this.#open) oldest = Math.min(oldest, flushNo);
    return oldest - 1;
  }
}
