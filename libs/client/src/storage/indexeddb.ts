import { type Changes, type ClientStorage, type Found, type Storage, tablesOf } from './storage.js';
import { Watchers } from './watchers.js';

const entries = 'entries';
const meta = 'meta';
const revisionKey = 'revision';

/** Two databases of one user in one hospital: `<name>.rows` and `<name>.queue`. */
export async function openIndexedDb(name: string, factory: IDBFactory = indexedDB): Promise<ClientStorage> {
  return {
    rows: await IndexedDbStorage.open(`${name}.rows`, factory, 'relaxed'),
    // Nobody else has what is in the queue: it is on the disk before the person is told that it is saved.
    queue: await IndexedDbStorage.open(`${name}.queue`, factory, 'strict'),
  };
}

export class IndexedDbStorage implements Storage {
  readonly #watchers = new Watchers();
  readonly #channel: BroadcastChannel | undefined;

  private constructor(
    private readonly database: IDBDatabase,
    private readonly durability: IDBTransactionDurability,
  ) {
    // A page that wants to delete or change the database is not kept waiting by this one.
    database.onversionchange = () => database.close();
    this.#channel = typeof BroadcastChannel === 'undefined' ? undefined : new BroadcastChannel(database.name);
    if (this.#channel) this.#channel.onmessage = ({ data }: MessageEvent<unknown>) => this.#heard(data);
  }

  static async open(
    name: string,
    factory: IDBFactory,
    durability: IDBTransactionDurability,
  ): Promise<IndexedDbStorage> {
    const request = factory.open(name, 1);
    request.onupgradeneeded = () => {
      request.result.createObjectStore(entries);
      request.result.createObjectStore(meta);
    };
    return new IndexedDbStorage(await answer(request), durability);
  }

  async get(keys: readonly string[]): Promise<Found<readonly unknown[]>> {
    const tx = this.database.transaction([entries, meta]);
    const store = tx.objectStore(entries);
    const [revision, ...value] = await Promise.all([
      revisionIn(tx),
      ...keys.map((key) => answer<unknown>(store.get(key))),
    ]);
    return { revision, value };
  }

  async list(prefix: string, limit?: number): Promise<Found<readonly (readonly [string, unknown])[]>> {
    const tx = this.database.transaction([entries, meta]);
    const store = tx.objectStore(entries);
    const range = IDBKeyRange.bound(prefix, `${prefix}\uffff`);
    const [revision, keys, values] = await Promise.all([
      revisionIn(tx),
      answer<IDBValidKey[]>(store.getAllKeys(range, limit)),
      answer<unknown[]>(store.getAll(range, limit)),
    ]);
    return { revision, value: keys.map((key, index) => [key as string, values[index]] as const) };
  }

  async commit(revision: number, changes: Changes): Promise<boolean> {
    const tx = this.database.transaction([entries, meta], 'readwrite', { durability: this.durability });
    const done = finished(tx);
    // It fails with the transaction, which is heard of below: not a second time.
    done.catch(() => undefined);
    // A transaction ends by itself when nothing is asked of it: between here and the last put nothing else is awaited.
    if ((await revisionIn(tx)) !== revision) {
      await done;
      return false;
    }
    const store = tx.objectStore(entries);
    for (const key of changes.delete) store.delete(key);
    for (const [key, value] of changes.put) store.put(value, key);
    tx.objectStore(meta).put(revision + 1, revisionKey);
    await done;
    const tables = tablesOf(changes);
    this.#channel?.postMessage([...tables]);
    this.#watchers.tell(tables);
    return true;
  }

  watch(listener: (tables: ReadonlySet<string>) => void): () => void {
    return this.#watchers.add(listener);
  }

  close(): Promise<void> {
    this.#channel?.close();
    this.database.close();
    return Promise.resolve();
  }

  #heard(data: unknown): void {
    if (Array.isArray(data)) this.#watchers.tell(new Set(data.map(String)));
  }
}

const revisionIn = async (tx: IDBTransaction): Promise<number> =>
  Number((await answer<unknown>(tx.objectStore(meta).get(revisionKey))) ?? 0);

const answer = <V>(request: IDBRequest<V>): Promise<V> =>
  new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error ?? new Error('the database did not answer'));
  });

const finished = (tx: IDBTransaction): Promise<void> =>
  new Promise((resolve, reject) => {
    tx.oncomplete = () => resolve();
    tx.onabort = () => reject(tx.error ?? new Error('the transaction was aborted'));
  });
