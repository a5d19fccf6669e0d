import { Injectable } from '@nestjs/common';
import { commonError } from '@hms/contracts';
import { limitedError } from '../../platform/limits/limited.error.js';
import { RateLimits } from '../../platform/limits/rate-limits.service.js';

/** About what the queue of password hashes holds: right passwords of a whole hospital at once are not refused. */
export const maxJudgedAtOnce = 50;

/**
 * Limits wrong guesses from one address. A guess counts once it was wrong, so that nobody is refused for what others
 * behind the same router are about to prove; what is being judged meanwhile is bounded by itself, in each process.
 */
@Injectable()
export class AddressGuesses {
  readonly #judged = new Map<string, number>();

  constructor(private readonly limits: RateLimits) {}

  /**
   * Lets `prove` judge one guess; undefined is a wrong one.
   * @throws `rate.limited` or `service.busy`
   */
  async judge<T>(address: string, prove: () => Promise<T | undefined>): Promise<T | undefined> {
    if (!this.#enter(address)) throw commonError('service.busy');
    try {
      const verdict = await this.limits.mayGuess(address);
      if (!verdict.granted) throw limitedError(verdict);
      const proof = await prove();
      if (proof === undefined) await this.limits.recordWrongGuess(address);
      return proof;
    } finally {
      this.#leave(address);
    }
  }

  #enter(address: string): boolean {
    const judged = this.#judged.get(address) ?? 0;
    if (judged >= maxJudgedAtOnce) return false;
    this.#judged.set(address, judged + 1);
    return true;
  }

  #leave(address: string): void {
    const judged = this.#judged.get(address) ?? 0;
    if (judged > 1) this.#judged.set(address, judged - 1);
    else this.#judged.delete(address);
  }
}
