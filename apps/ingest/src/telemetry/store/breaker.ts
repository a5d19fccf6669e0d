const opensAfter = 3;
const staysOpenMs = 1_000;

/** Refuses new work for a second after the database failed three times in a row. */
export class Breaker {
  #failures = 0;
  #openUntil = -Infinity;

  constructor(private readonly now: () => number = () => performance.now()) {}

  get open(): boolean {
    return this.now() < this.#openUntil;
  }

  succeeded(): void {
    this.#failures = 0;
  }

  failed(): void {
    if (++this.#failures >= opensAfter) this.#openUntil = this.now() + staysOpenMs;
  }
}
