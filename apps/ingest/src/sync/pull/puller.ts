import {
  commonError,
  syncEntities,
  syncEntityNames,
  type SyncEntityName,
  type SyncRequest,
  type SyncReset,
} from '@hms/contracts';
import type { Lane } from '../../database/lane.js';
import type { SyncActor } from '../access/sync-actor.js';
import { entities } from '../entities/registry.js';
import type { DeviceScope } from '../push/push-request.js';
import type { FeedHead } from '../relay/feed-watch.js';
import { type Cursor, readCursor, uselessness, writeCursor } from './cursor.js';
import { type Projection, projectionOf } from './projection.js';
import { changedKeys, rowsNow, snapshotPage } from './pull-statements.js';

type PullRequest = NonNullable<SyncRequest['pull']>;

/** What one pull answers. Rows are JSON text already. */
export interface Pulled {
  readonly changes: ReadonlyMap<SyncEntityName, { readonly put: string[]; readonly del: string[]; readonly out: string[] }>;
  readonly reset: readonly SyncReset[];
  readonly snapshotDone: readonly string[];
  readonly cursors: Readonly<Record<string, string>>;
  readonly complete: boolean;
  /** Whose rows were sent. */
  readonly patientIds: readonly string[];
}

interface ShownRow {
  readonly id: string;
  readonly patient_id: string | null;
  readonly op: 'put' | 'del' | 'out';
  readonly row: string | null;
}

interface ChangedKey {
  readonly pos: string;
  readonly entity: number;
  readonly id: string;
  /** Changes of the whole page. */
  readonly entries: number;
}

interface Asked {
  readonly name: SyncEntityName;
  readonly projection: Projection;
  readonly cursor: Cursor;
}

/** Answers what changed since a device's cursors, or all of an entity where there is nothing to go on from. */
export class Puller {
  constructor(private readonly lane: Pick<Lane, 'query'>) {}

  /** @throws AppError 503 before the feed was read for the first time */
  async pull(actor: SyncActor, scope: DeviceScope, request: PullRequest, head: FeedHead | undefined): Promise<Pulled> {
    if (!head) throw commonError('service.unavailable');
    const page = new Page(request);
    const asked = this.#asked(actor, scope, request, head, page);
    // Snapshots first: what is sent whole needs no changes of before.
    for (const each of asked.filter(({ cursor }) => cursor.n)) {
      if (!page.isFull) await this.#snapshot(actor, scope, each, page);
      else page.leave(each.name, each.cursor);
    }
    const following = new Map<number, Asked[]>();
    for (const each of asked.filter(({ cursor }) => !cursor.n)) {
      following.set(each.cursor.p, [...(following.get(each.cursor.p) ?? []), each]);
    }
    for (const group of following.values()) await this.#follow(actor, scope, group, head, page);
    return page.result;
  }

  #asked(actor: SyncActor, scope: DeviceScope, { cursors }: PullRequest, head: FeedHead, page: Page): Asked[] {
    return syncEntityNames.flatMap((name): Asked[] => {
      const text = cursors[name];
      if (text === undefined) return [];
      if (!actor.permissions.has(syncEntities[name].read)) {
        page.withdraw(name);
        return [];
      }
      const projection = projectionOf(entities[name], actor.permissions);
      const start: Cursor = { f: head.feedId, e: head.epoch, p: head.pos, s: scope.ver, g: projection.id, n: { a: null } };
      if (text === null) return [{ name, projection, cursor: start }];
      const known = readCursor(text);
      const why = known ? uselessness(known, head, projection.id) : 'unreadable';
      if (!known || why !== undefined) {
        page.reset(name, why ?? 'unreadable');
        return [{ name, projection, cursor: start }];
      }
      return [{ name, projection, cursor: known.s === scope.ver ? known : widened(known, start, scope) }];
    });
  }

  async #snapshot(actor: SyncActor, scope: DeviceScope, { name, projection, cursor }: Asked, page: Page): Promise<void> {
    const keys = cursor.n?.k === 'added' ? scope.keys.filter((key) => !scope.keysBefore.includes(key)) : scope.keys;
    const whole = keys.includes('hospital');
    const of = (kind: string): string =>
      JSON.stringify(keys.flatMap((key) => (key.startsWith(kind) ? [key.slice(kind.length)] : [])));
    const limit = page.room;
    const rows = await this.lane.query<ShownRow>((sql) =>
      sql.unsafe<ShownRow[]>(snapshotPage(actor.hospital.schema, name, projection.fields, whole), [
        cursor.n?.a ?? null,
        of('ward:'),
        of('patient:'),
        limit,
      ]),
    );
    const taken = page.take(name, rows);
    const last = taken.at(-1)?.id ?? cursor.n?.a ?? null;
    if (taken.length === rows.length && rows.length < limit) page.snapshotEnds(name, { ...cursor, n: undefined });
    else page.leave(name, { ...cursor, n: { ...cursor.n, a: last } });
  }

  async #follow(actor: SyncActor, { keys }: DeviceScope, asked: readonly Asked[], head: FeedHead, page: Page): Promise<void> {
    const since = asked[0]?.cursor.p ?? head.pos;
    const limit = page.room;
    const none = since >= head.pos;
    const changed = none || limit === 0 ? [] : await this.#changedKeys(actor, asked, since, head.pos, keys, limit);
    const rows = await Promise.all(asked.map((each) => this.#rowsNow(actor, each, changed, keys)));
    const byKey = new Map(rows.flat().map(([key, row]) => [key, row]));
    let upTo = since;
    let cut = limit === 0 && !none;
    for (const { pos, entity, id } of changed) {
      const each = asked.find(({ name }) => syncEntities[name].no === entity);
      const row = byKey.get(`${entity} ${id}`);
      if (!each || !row) continue;
      if (page.take(each.name, [row]).length === 0) {
        cut = true;
        break;
      }
      upTo = Number(pos);
    }
    const isWhole = none || (!cut && (changed[0]?.entries ?? 0) < limit);
    for (const { name, cursor } of asked) {
      // Also when nothing was for this device: it need not look there again.
      if (isWhole) page.follow(name, { ...cursor, p: Math.max(since, head.pos) });
      else page.leave(name, { ...cursor, p: upTo });
    }
  }

  #changedKeys(
    { hospital }: SyncActor,
    asked: readonly Asked[],
    since: number,
    upTo: number,
    keys: readonly string[],
    limit: number,
  ): Promise<readonly ChangedKey[]> {
    const numbers = JSON.stringify(asked.map(({ name }) => syncEntities[name].no));
    return this.lane.query<ChangedKey>((sql) =>
      sql.unsafe<ChangedKey[]>(changedKeys, [hospital.id, since, upTo, numbers, JSON.stringify(keys), limit]),
    );
  }

  async #rowsNow(
    { hospital }: SyncActor,
    { name, projection }: Asked,
    changed: readonly ChangedKey[],
    keys: readonly string[],
  ): Promise<[string, ShownRow][]> {
    const { no } = syncEntities[name];
    const ids = changed.flatMap(({ entity, id }) => (entity === no ? [id] : []));
    if (ids.length === 0) return [];
    const rows = await this.lane.query<ShownRow>((sql) =>
      sql.unsafe<ShownRow[]>(rowsNow(hospital.schema, name, projection.fields), [JSON.stringify(ids), JSON.stringify(keys)]),
    );
    return rows.map((row) => [`${no} ${row.id}`, row]);
  }
}

/**
 * How to go on in a scope that changed: with a snapshot of what was added to it, when the cursor is of the scope before,
 * else of everything. What was taken away the device is told by a purge.
 */
function widened(known: Cursor, start: Cursor, { verBefore }: DeviceScope): Cursor {
  const fromBefore = known.s === verBefore && !known.n;
  return fromBefore ? { ...known, s: start.s, n: { a: null, k: 'added' } } : { ...start, p: Math.min(known.p, start.p) };
}

/** What is answered, up to its limits. */
class Page {
  readonly #changes = new Map<SyncEntityName, { put: string[]; del: string[]; out: string[] }>();
  readonly #resets: SyncReset[] = [];
  readonly #done: string[] = [];
  readonly #cursors: Record<string, string> = {};
  readonly #patients = new Set<string>();
  #rows = 0;
  #bytes = 0;
  #complete = true;

  constructor(private readonly limits: Pick<PullRequest, 'limit' | 'max_bytes'>) {}

  get room(): number {
    return this.isFull ? 0 : this.limits.limit - this.#rows;
  }

  get isFull(): boolean {
    return this.#rows >= this.limits.limit || this.#bytes >= this.limits.max_bytes;
  }

  get result(): Pulled {
    return {
      changes: this.#changes,
      reset: this.#resets,
      snapshotDone: this.#done,
      cursors: this.#cursors,
      complete: this.#complete,
      patientIds: [...this.#patients],
    };
  }

  reset(entity: SyncEntityName, why: SyncReset['why']): void {
    this.#resets.push({ entity, why, how: 'snapshot' });
  }

  /** The actor may not read the entity (any more): what the device holds of it is to go. */
  withdraw(name: SyncEntityName): void {
    this.reset(name, 'projection');
    this.#done.push(name);
  }

  /** @returns those of the rows that fit; the first of a page always does */
  take(name: SyncEntityName, rows: readonly ShownRow[]): readonly ShownRow[] {
    let taken = 0;
    for (const { id, op, row, patient_id: patientId } of rows) {
      if (this.isFull) break;
      const changes = this.#of(name);
      if (op === 'put' && row !== null) changes.put.push(row);
      else changes[op === 'put' ? 'del' : op].push(id);
      this.#rows++;
      this.#bytes += row?.length ?? 40;
      if (op === 'put' && patientId !== null) this.#patients.add(patientId);
      taken++;
    }
    return rows.slice(0, taken);
  }

  /** There is more of the entity. */
  leave(name: SyncEntityName, cursor: Cursor): void {
    this.#complete = false;
    this.#cursors[name] = writeCursor(cursor);
  }

  follow(name: SyncEntityName, cursor: Cursor): void {
    this.#cursors[name] = writeCursor(cursor);
  }

  /** What changed meanwhile follows, from where the snapshot began. */
  snapshotEnds(name: SyncEntityName, cursor: Cursor): void {
    this.#done.push(name);
    this.leave(name, cursor);
  }

  #of(name: SyncEntityName): { put: string[]; del: string[]; out: string[] } {
    let changes = this.#changes.get(name);
    if (!changes) this.#changes.set(name, (changes = { put: [], del: [], out: [] }));
    return changes;
  }
}
