import { addressKey } from '@hms/service-kit';

/** Counts the connections of each address, so that one has not all of them. */
export class PerAddress {
  readonly #counts = new Map<string, number>();

  /** @param isExempt for addresses many senders share, such as a proxy's */
  constructor(
    private readonly max: number,
    private readonly isExempt: (address: string) => boolean,
  ) {}

  /** @returns whether there is room for one more; `leave` must follow then */
  enter(address: string): boolean {
    const key = addressKey(address);
    const count = this.#counts.get(key) ?? 0;
    if (count >= this.max && !this.isExempt(address)) return false;
    this.#counts.set(key, count + 1);
    return true;
  }

  leave(address: string): void {
    const key = addressKey(address);
    const count = (this.#counts.get(key) ?? 0) - 1;
    if (count > 0) this.#counts.set(key, count);
    else this.#counts.delete(key);
  }
}
