import { commonError } from '@hms/contracts';
import { addressKey } from '@hms/service-kit';
import { LRUCache } from 'lru-cache';

/** Different ones of one address in {@link countedForMs}. A sender whose key was revoked has one, however often it asks. */
const most = 20;
const countedForMs = 60_000;
const addresses = 10_000;

interface Counted {
  readonly since: number;
  readonly headers: Set<string>;
}

/** How many keys that are none each address has tried lately, so that who guesses costs a bounded number of queries. */
export class WrongKeys {
  readonly #byAddress = new LRUCache<string, Counted>({ max: addresses });

  constructor(private readonly now: () => number) {}

  /** @throws 429 for a further key of an address that tried too many, until those are a minute old */
  assertFew(address: string, header: string): void {
    const counted = this.#countedOf(addressKey(address));
    if (!counted || counted.headers.size < most || counted.headers.has(header)) return;
    const waitMs = counted.since + countedForMs - this.now();
    throw commonError('rate.limited', { retryAfter: Math.ceil(waitMs / 1_000) });
  }

  add(address: string, header: string): void {
    const name = addressKey(address);
    const counted = this.#countedOf(name) ?? { since: this.now(), headers: new Set() };
    counted.headers.add(header);
    this.#byAddress.set(name, counted);
  }

  #countedOf(name: string): Counted | undefined {
    const counted = this.#byAddress.get(name);
    return counted && this.now() - counted.since < countedForMs ? counted : undefined;
  }
}
