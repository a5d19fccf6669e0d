/** The epoch at which the patients of all that waits were found. */
export class CommonEpoch {
  readonly #epochs = new Set<number>();

  /** Undefined when they were not all found at the same, or when none was. */
  get value(): number | undefined {
    const [epoch] = this.#epochs;
    return this.#epochs.size === 1 ? epoch : undefined;
  }

  add(epoch: number): void {
    this.#epochs.add(epoch);
  }

  merge(other: CommonEpoch): void {
    for (const epoch of other.#epochs) this.#epochs.add(epoch);
  }
}
