const failuresToOpen = 5;
const shortestPauseMs = 5_000;
const longestPauseMs = 300_000;

/** What may be tried. Whoever is given it reports what came of it. */
export interface Allowance {
  readonly most: number;
  /** It is the one try of a provider that is left alone otherwise. */
  readonly isProbe: boolean;
}

const nothing: Allowance = { most: 0, isProbe: false };

/**
 * Keeps a provider that fails from being asked over and over. After five failures in a row nobody asks for a while, then
 * one message tries; each try that fails doubles the pause, one that succeeds ends it.
 */
export class CircuitBreaker {
  #failures = 0;
  #pauseMs = 0;
  #openUntil = 0;
  #probing = false;

  /** How many of `wanted` may be tried now. */
  allow(wanted: number, now: number): Allowance {
    if (this.#pauseMs === 0) return { most: wanted, isProbe: false };
    if (now < this.#openUntil || this.#probing || wanted === 0) return nothing;
    this.#probing = true;
    return { most: 1, isProbe: true };
  }

  /** Nothing that was allowed says how the provider does. */
  unused({ isProbe }: Allowance): void {
    if (isProbe) this.#probing = false;
  }

  succeeded(): void {
    this.#failures = 0;
    this.#pauseMs = 0;
    this.#probing = false;
  }

  failed(now: number, { isProbe }: Allowance): void {
    // Those that were under way when it opened count as one.
    if (this.isOpen && !isProbe) return;
    this.#probing = false;
    this.#failures += 1;
    if (this.#failures < failuresToOpen) return;
    this.#pauseMs = Math.min(longestPauseMs, Math.max(shortestPauseMs, this.#pauseMs * 2));
    this.#openUntil = now + this.#pauseMs;
  }

  get isOpen(): boolean {
    return this.#pauseMs > 0;
  }
}
