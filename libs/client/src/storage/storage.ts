/** What was found, and the revision of the storage it was found in. */
export interface Found<V> {
  readonly revision: number;
  readonly value: V;
}

export interface Changes {
  readonly put: ReadonlyMap<string, unknown>;
  readonly delete: ReadonlySet<string>;
}

/**
 * A map from texts to JSON, ordered by key, that is changed by compare and set. Keys are ASCII and look like `table/id`.
 * All rules of the client are built on this, so a platform needs to offer little: `testing/storage-contract.ts` says what.
 */
export interface Storage {
  /** The values of these keys, as they stood at one moment; undefined where there is none. */
  get(keys: readonly string[]): Promise<Found<readonly unknown[]>>;
  /** The entries whose keys begin with a prefix, in the order of their keys, as they stood at one moment. */
  list(prefix: string, limit?: number): Promise<Found<readonly (readonly [key: string, value: unknown])[]>>;
  /**
   * Makes all changes durable at once, or none: false when the storage is not at this revision any more.
   */
  commit(revision: number, changes: Changes): Promise<boolean>;
  /** Tells of the tables of every commit, those of others who opened the same storage too where the platform can. */
  watch(listener: (tables: ReadonlySet<string>) => void): () => void;
  close(): Promise<void>;
}

/** Where a client keeps what it holds. What concerns the one must never touch the other. */
export interface ClientStorage {
  /** Rows and cursors: a copy of what the server has, which may be lost. */
  readonly rows: Storage;
  /** Changes nobody else knows of yet. */
  readonly queue: Storage;
}

const tableOf = (key: string): string => key.slice(0, key.lastIndexOf('/'));
export const tablesOf = ({ put, delete: deleted }: Changes): Set<string> =>
  new Set([...put.keys(), ...deleted].map(tableOf));
