import type { SyncChanges, SyncReset, SyncResponse, SyncRow } from '@hms/contracts';
import type { ServerState, ServerRow } from './reference-state.js';

/** What a cursor says. */
interface Cursor {
  readonly epoch: number;
  readonly pos: number;
  /** By which keys the device holds everything up to `pos`. */
  readonly keys: readonly string[];
  /** Of rows that are sent whole: those by `keys`, from `after` on. `head` is where the feed goes on. */
  readonly snap?: {
    readonly keys: readonly string[];
    readonly after: string;
    readonly head: number;
    readonly full: boolean;
  };
}

export interface PullRequest {
  readonly cursors: Readonly<Record<string, string | null>>;
  readonly acked: string | undefined;
  readonly scope: readonly string[];
  readonly limit: number;
  readonly mayRead: (entity: string) => boolean;
}

type Pulled = Pick<SyncResponse, 'changes' | 'purge' | 'reset' | 'snapshot_done' | 'cursors' | 'complete'>;

export const scopeVersion = (scope: readonly string[]): string => `sc_${scope.join('+')}`;
export const mayHold = ({ keys }: ServerRow, scope: readonly string[]): boolean =>
  keys.some((key) => scope.includes(key));
export const imageOf = ({ id, version, keys, fields }: ServerRow): SyncRow => ({
  ...fields,
  id,
  _v: version,
  _sk: keys,
});

/** One pull over all entities, in small pages. */
export class Pull {
  readonly #changes: Record<string, { put: SyncRow[]; del: string[]; out: string[] }> = {};
  readonly #reset: SyncReset[] = [];
  readonly #done: string[] = [];
  readonly #cursors: Record<string, string> = {};
  #left: number;
  #complete = true;

  constructor(
    private readonly state: ServerState,
    private readonly epoch: number,
    private readonly request: PullRequest,
  ) {
    this.#left = request.limit;
  }

  run(): Pulled {
    const { scope, acked, mayRead } = this.request;
    const asked = Object.entries(this.request.cursors);
    const begun = asked
      .filter(([entity]) => mayRead(entity))
      .map(([entity, text]) => [entity, this.#begin(entity, text)] as const);
    const version = scopeVersion(scope);
    const losesKeys = begun.some(([, { keys, snap }]) =>
      [...keys, ...(snap?.keys ?? [])].some((key) => !scope.includes(key)),
    );
    if (losesKeys && acked !== version) {
      const nothing = { changes: {}, reset: [], snapshot_done: [], cursors: {}, complete: false };
      return { ...nothing, purge: { ver: version, keep: scope } };
    }
    for (const [entity] of asked.filter(([name]) => !mayRead(name))) {
      this.#reset.push({ entity, why: 'projection', how: 'snapshot' });
      this.#done.push(entity);
    }
    for (const [entity, cursor] of begun)
      this.#cursors[entity] = JSON.stringify(this.#advance(entity, narrowed(cursor, scope)));
    const changes: Partial<Record<string, SyncChanges>> = this.#changes;
    return { changes, reset: this.#reset, snapshot_done: this.#done, cursors: this.#cursors, complete: this.#complete };
  }

  #begin(entity: string, text: string | null): Cursor {
    const known = text === null ? undefined : (JSON.parse(text) as Cursor);
    if (known?.epoch === this.epoch && known.pos >= this.state.floor) return known;
    if (known) this.#reset.push({ entity, why: known.epoch === this.epoch ? 'expired' : 'epoch', how: 'snapshot' });
    const { scope } = this.request;
    return {
      epoch: this.epoch,
      pos: this.state.head,
      keys: scope,
      snap: { keys: scope, after: '', head: this.state.head, full: true },
    };
  }

  #advance(entity: string, cursor: Cursor): Cursor {
    const added = this.request.scope.filter((key) => !cursor.keys.includes(key));
    if (cursor.snap) return this.#snapshot(entity, cursor, cursor.snap);
    if (added.length === 0) return this.#feed(entity, cursor);
    return this.#snapshot(entity, cursor, { keys: added, after: '', head: this.state.head, full: false });
  }

  #snapshot(entity: string, cursor: Cursor, snap: NonNullable<Cursor['snap']>): Cursor {
    const rows = [...this.state.rows.values()]
      .filter((row) => row.entity === entity && !row.deleted && row.id > snap.after && mayHold(row, snap.keys))
      .sort((one, other) => (one.id < other.id ? -1 : 1));
    const page = this.#take(rows);
    for (const row of page) this.#of(entity).put.push(imageOf(row));
    if (page.length < rows.length) {
      this.#complete = false;
      return { ...cursor, snap: { ...snap, after: page.at(-1)?.id ?? snap.after } };
    }
    if (snap.full) this.#done.push(entity);
    this.#complete = false;
    const { epoch, pos, keys } = cursor;
    return { epoch, pos, keys: [...new Set([...keys, ...snap.keys])] };
  }

  #feed(entity: string, cursor: Cursor): Cursor {
    const entries = this.state.feed.filter(
      (each) => each.entity === entity && each.pos > cursor.pos && each.pos <= this.state.head,
    );
    const page = this.#take(entries);
    for (const id of new Set(page.map((each) => each.id))) this.#say(entity, id);
    if (page.length === entries.length) return { ...cursor, pos: this.state.head };
    this.#complete = false;
    return { ...cursor, pos: page.at(-1)?.pos ?? cursor.pos };
  }

  #say(entity: string, id: string): void {
    const row = this.state.rows.get(id);
    const changes = this.#of(entity);
    if (!row || row.deleted) changes.del.push(id);
    else if (mayHold(row, this.request.scope)) changes.put.push(imageOf(row));
    else changes.out.push(id);
  }

  #take<V>(found: readonly V[]): V[] {
    const taken = found.slice(0, this.#left);
    this.#left -= taken.length;
    return taken;
  }

  #of(entity: string): { put: SyncRow[]; del: string[]; out: string[] } {
    return (this.#changes[entity] ??= { put: [], del: [], out: [] });
  }
}

const narrowed = (cursor: Cursor, scope: readonly string[]): Cursor => {
  const still = (keys: readonly string[]): string[] => keys.filter((key) => scope.includes(key));
  return {
    ...cursor,
    keys: still(cursor.keys),
    ...(cursor.snap ? { snap: { ...cursor.snap, keys: still(cursor.snap.keys) } } : {}),
  };
};
