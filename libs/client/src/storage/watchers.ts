type Listener = (tables: ReadonlySet<string>) => void;

/** Who wants to hear of commits. */
export class Watchers {
  readonly #listeners = new Set<Listener>();

  add(listener: Listener): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  tell(tables: ReadonlySet<string>): void {
    for (const listener of [...this.#listeners]) listener(tables);
  }
}
