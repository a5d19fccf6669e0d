import { type Changes, type ClientStorage, type Found, type Storage, tablesOf } from './storage.js';
import { Watchers } from './watchers.js';

/** Lasts as long as the process. */
export class MemoryStorage implements Storage {
  // As text: who reads a value may change it without changing what is stored.
  readonly #entries = new Map<string, string>();
  readonly #watchers = new Watchers();
  #revision = 0;

  get(keys: readonly string[]): Promise<Found<readonly unknown[]>> {
    const value = keys.map((key) => parsed(this.#entries.get(key)));
    return Promise.resolve({ revision: this.#revision, value });
  }

  list(prefix: string, limit = Infinity): Promise<Found<readonly (readonly [string, unknown])[]>> {
    const keys = [...this.#entries.keys()].filter((key) => key.startsWith(prefix)).sort();
    const value = keys.slice(0, limit).map((key) => [key, parsed(this.#entries.get(key))] as const);
    return Promise.resolve({ revision: this.#revision, value });
  }

  commit(revision: number, changes: Changes): Promise<boolean> {
    if (revision !== this.#revision) return Promise.resolve(false);
    this.#revision++;
    for (const key of changes.delete) this.#entries.delete(key);
    for (const [key, value] of changes.put) this.#entries.set(key, JSON.stringify(value));
    this.#watchers.tell(tablesOf(changes));
    return Promise.resolve(true);
  }

  watch(listener: (tables: ReadonlySet<string>) => void): () => void {
    return this.#watchers.add(listener);
  }

  close(): Promise<void> {
    return Promise.resolve();
  }
}

const parsed = (text: string | undefined): unknown => (text === undefined ? undefined : JSON.parse(text));

export const memoryStorage = (): ClientStorage => ({ rows: new MemoryStorage(), queue: new MemoryStorage() });
