import { hash, verify, type Options } from '@node-rs/argon2';
import { Injectable } from '@nestjs/common';
import { commonError } from '@hms/contracts';

/** OWASP ASVS 5.0 appendix C: argon2id with at least 19 MiB at t = 2. */
const parameters: Options = { memoryCost: 19_456, timeCost: 2, parallelism: 1 };
/** How every hash of today begins: the encoding names its parameters. */
const currentPrefix = '$argon2id$v=19$m=19456,t=2,p=1$';
const maxRunning = 2;
const maxWaiting = 50;
// The hash of a random password nobody knows: an unknown user costs as much as a known one.
const decoy = hash(crypto.randomUUID(), parameters);

/** Hashing is 12 ms of a whole core: a login storm queues here instead of starving every other request. */
@Injectable()
export class PasswordHasher {
  #running = 0;
  readonly #waiting: (() => void)[] = [];

  hash(password: string): Promise<string> {
    return this.#inTurn(() => hash(password, parameters));
  }

  /** Whether a stored hash was made with other parameters than hashes are made with now. */
  isOutdated(stored: string): boolean {
    return !stored.startsWith(currentPrefix);
  }

  /** Takes equally long when there is no hash. @throws `service.busy` when too many wait */
  verify(stored: string | null, password: string): Promise<boolean> {
    return this.#inTurn(async () => {
      const matches = await verify(stored ?? (await decoy), password);
      return matches && stored !== null;
    });
  }

  async #inTurn<T>(work: () => Promise<T>): Promise<T> {
    if (this.#running >= maxRunning) {
      if (this.#waiting.length >= maxWaiting) throw commonError('service.busy');
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
    } else {
      this.#running++;
    }
    try {
      return await work();
    } finally {
      const next = this.#waiting.shift();
      if (next) next();
      else this.#running--;
    }
  }
}
