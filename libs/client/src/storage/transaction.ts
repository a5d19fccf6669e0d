import type { Storage } from './storage.js';

/** A kind of values under a name. */
export interface Table<V> {
  readonly name: string;
  /** Only for the types. */
  readonly values?: V;
}

export const table = <V>(name: string): Table<V> => ({ name });
const keyOf = ({ name }: Table<unknown>, id: string): string => `${name}/${id}`;

/** Reads see what was stored when the first of them read; none sees what the transaction itself writes. */
export interface Transaction {
  get<V>(from: Table<V>, id: string): Promise<V | undefined>;
  getMany<V>(from: Table<V>, ids: readonly string[]): Promise<Map<string, V>>;
  /** All of a table by id, in the order of ids. */
  all<V>(from: Table<V>, limit?: number): Promise<Map<string, V>>;
  put<V>(into: Table<V>, id: string, value: NoInfer<V>): void;
  delete(from: Table<unknown>, id: string): void;
}

/** Somebody else committed between two reads of one transaction. */
class Overtaken extends Error {}

const patience = 1_000;

/**
 * Runs work whose reads and writes happen as if nothing else happened meanwhile. It may run several times, so it must do
 * nothing but compute; each time it is run again, somebody else got ahead.
 */
export async function transact<R>(storage: Storage, work: (tx: Transaction) => Promise<R>): Promise<R> {
  for (let run = 0; run < patience; run++) {
    const tx = new OptimisticTransaction(storage);
    try {
      const result = await work(tx);
      if (await tx.commit()) return result;
    } catch (err) {
      if (!(err instanceof Overtaken)) throw err;
    }
  }
  throw new Error('the storage is changed by others without end');
}

class OptimisticTransaction implements Transaction {
  readonly #put = new Map<string, unknown>();
  readonly #deleted = new Set<string>();
  #revision: number | undefined;

  constructor(private readonly storage: Storage) {}

  async get<V>(from: Table<V>, id: string): Promise<V | undefined> {
    return (await this.getMany(from, [id])).get(id);
  }

  async getMany<V>(from: Table<V>, ids: readonly string[]): Promise<Map<string, V>> {
    if (ids.length === 0) return new Map();
    const { revision, value } = await this.storage.get(ids.map((id) => keyOf(from, id)));
    this.#sawRevision(revision);
    const found = new Map<string, V>();
    // What a table holds was put there by `put`, which takes nothing else.
    value.forEach((each, index) => each !== undefined && found.set(ids[index] ?? '', each as V));
    return found;
  }

  async all<V>(from: Table<V>, limit?: number): Promise<Map<string, V>> {
    const prefix = keyOf(from, '');
    const { revision, value } = await this.storage.list(prefix, limit);
    this.#sawRevision(revision);
    return new Map(value.map(([key, each]) => [key.slice(prefix.length), each as V]));
  }

  put<V>(into: Table<V>, id: string, value: V): void {
    this.#deleted.delete(keyOf(into, id));
    this.#put.set(keyOf(into, id), value);
  }

  delete(from: Table<unknown>, id: string): void {
    this.#put.delete(keyOf(from, id));
    this.#deleted.add(keyOf(from, id));
  }

  async commit(): Promise<boolean> {
    if (this.#put.size === 0 && this.#deleted.size === 0) return true;
    const revision = this.#revision ?? (await this.storage.get([])).revision;
    return this.storage.commit(revision, { put: this.#put, delete: this.#deleted });
  }

  #sawRevision(revision: number): void {
    this.#revision ??= revision;
    if (this.#revision !== revision) throw new Overtaken();
  }
}

/** Deletes everything. */
export async function erase(storage: Storage): Promise<void> {
  for (;;) {
    const { revision, value } = await storage.list('');
    const keys = new Set(value.map(([key]) => key));
    if (keys.size === 0 || (await storage.commit(revision, { put: new Map(), delete: keys }))) return;
  }
}
