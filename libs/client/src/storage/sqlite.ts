import { type Changes, type Found, type Storage, tablesOf } from './storage.js';
import { Watchers } from './watchers.js';

/** What better-sqlite3, libsql and node:sqlite have in common. */
export interface SqliteDatabase {
  exec(sql: string): unknown;
  prepare(sql: string): SqliteStatement;
  close(): unknown;
}

interface SqliteStatement {
  get(...parameters: unknown[]): unknown;
  all(...parameters: unknown[]): unknown[];
  run(...parameters: unknown[]): unknown;
}

/**
 * A storage in an SQLite file of its own. Other processes may use the same file; `watch` tells only of commits made through
 * this object.
 */
export class SqliteStorage implements Storage {
  readonly #watchers = new Watchers();
  readonly #statements: Readonly<Record<'revision' | 'advance' | 'get' | 'list' | 'put' | 'delete', SqliteStatement>>;

  constructor(private readonly database: SqliteDatabase) {
    database.exec(`
      pragma busy_timeout = 5000;
      pragma journal_mode = wal;
      pragma synchronous = full;
      create table if not exists entry (key text primary key, value text not null) without rowid;
      create table if not exists revision (one integer primary key check (one = 1), value integer not null);
      insert or ignore into revision values (1, 0);`);
    this.#statements = {
      revision: database.prepare('select value from revision'),
      advance: database.prepare('update revision set value = value + 1'),
      get: database.prepare('select value from entry where key = ?'),
      list: database.prepare('select key, value from entry where key >= ? and key < ? order by key limit ?'),
      put: database.prepare('insert or replace into entry values (?, ?)'),
      delete: database.prepare('delete from entry where key = ?'),
    };
  }

  get(keys: readonly string[]): Promise<Found<readonly unknown[]>> {
    return this.#within('deferred', () => ({
      revision: this.#revision(),
      value: keys.map((key) => parsed(this.#statements.get.get(key))),
    }));
  }

  list(prefix: string, limit = -1): Promise<Found<readonly (readonly [string, unknown])[]>> {
    return this.#within('deferred', () => ({
      revision: this.#revision(),
      value: this.#statements.list
        .all(prefix, `${prefix}\uffff`, limit)
        .map((row) => [columnOf(row, 'key'), parsed(row)] as const),
    }));
  }

  async commit(revision: number, changes: Changes): Promise<boolean> {
    const committed = await this.#within('immediate', () => {
      if (this.#revision() !== revision) return false;
      for (const key of changes.delete) this.#statements.delete.run(key);
      for (const [key, value] of changes.put) this.#statements.put.run(key, JSON.stringify(value));
      this.#statements.advance.run();
      return true;
    });
    if (committed) this.#watchers.tell(tablesOf(changes));
    return committed;
  }

  watch(listener: (tables: ReadonlySet<string>) => void): () => void {
    return this.#watchers.add(listener);
  }

  close(): Promise<void> {
    this.database.close();
    return Promise.resolve();
  }

  // Begins and ends without a pause, so that no two transactions of this connection meet.
  async #within<R>(kind: 'deferred' | 'immediate', work: () => R): Promise<R> {
    await Promise.resolve();
    this.database.exec(`begin ${kind}`);
    try {
      const result = work();
      this.database.exec('commit');
      return result;
    } catch (err) {
      this.database.exec('rollback');
      throw err;
    }
  }

  #revision(): number {
    return Number(columnOf(this.#statements.revision.get(), 'value'));
  }
}

function columnOf(row: unknown, name: string): string {
  const value: unknown =
    typeof row === 'object' && row !== null ? Object.entries(row).find(([key]) => key === name)?.[1] : '';
  return String(value);
}

const parsed = (row: unknown): unknown => (row === undefined ? undefined : JSON.parse(columnOf(row, 'value')));
