import { commonError, syncEntities, syncEntityNames, type SyncEntityName, type SyncRequest } from '@hms/contracts';
import type { Lane } from '../../database/lane.js';
import type { SyncActor } from '../access/sync-actor.js';
import { entities } from '../entities/registry.js';
import type { DeviceScope } from '../push/push-request.js';
import type { FeedHead } from '../relay/feed-watch.js';
import { type Cursor, readCursor, uselessness } from './cursor.js';
import { Page, type Pulled, type ShownRow } from './page.js';
import { type Projection, projectionOf } from './projection.js';
import { changedKeys, rowsNow, snapshotPage } from './pull-statements.js';

type PullRequest = NonNullable<SyncRequest['pull']>;

interface ChangedKey {
  readonly pos: string;
  readonly entity: number;
  readonly id: string;
  /** Changes of the whole page. */
  readonly entries: number;
}

interface Shown {
  readonly name: SyncEntityName;
  readonly row: ShownRow;
}

/** A pull under way. */
interface Pull {
  readonly actor: SyncActor;
  readonly scope: DeviceScope;
  readonly head: FeedHead;
  readonly page: Page;
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
    const pull = { actor, scope, head, page: new Page(request) };
    const { page } = pull;
    const asked = askedFor(pull, request.cursors);
    // Snapshots first: what is sent whole needs no changes of before.
    for (const each of asked.filter(({ cursor }) => cursor.n)) {
      if (!page.isFull) await this.#snapshot(pull, each);
      else page.leave(each.name, each.cursor);
    }
    const following = new Map<number, Asked[]>();
    for (const each of asked.filter(({ cursor }) => !cursor.n)) {
      following.set(each.cursor.p, [...(following.get(each.cursor.p) ?? []), each]);
    }
    for (const group of following.values()) await this.#follow(pull, group);
    return page.result;
  }

  async #snapshot({ actor, scope, page }: Pull, { name, projection, cursor }: Asked): Promise<void> {
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

  /** Changes of some entities, all since the same position. */
  async #follow(pull: Pull, asked: readonly Asked[]): Promise<void> {
    const { scope, head, page, actor } = pull;
    const since = asked[0]?.cursor.p ?? head.pos;
    const limit = page.room;
    const none = since >= head.pos;
    const changed = none || limit === 0 ? [] : await this.#changedKeys(pull, asked, since);
    const rows = await Promise.all(asked.map((each) => this.#rowsNow(actor, each, changed, scope.keys)));
    const taken = takeChanges(page, changed, new Map(rows.flat()));
    const isWhole = none || (limit > 0 && taken.all && (changed[0]?.entries ?? 0) < limit);
    for (const { name, cursor } of asked) {
      // Also when nothing was for this device: it need not look there again.
      if (isWhole) page.follow(name, { ...cursor, p: Math.max(since, head.pos) });
      else page.leave(name, { ...cursor, p: taken.upTo ?? since });
    }
  }

  #changedKeys(
    { actor: { hospital }, scope: { keys }, head, page }: Pull,
    asked: readonly Asked[],
    since: number,
  ): Promise<readonly ChangedKey[]> {
    const numbers = JSON.stringify(asked.map(({ name }) => syncEntities[name].no));
    const parameters = [hospital.id, since, head.pos, numbers, JSON.stringify(keys), page.room];
    return this.lane.query<ChangedKey>((sql) => sql.unsafe<ChangedKey[]>(changedKeys, parameters));
  }

  async #rowsNow(
    { hospital }: SyncActor,
    { name, projection }: Asked,
    changed: readonly ChangedKey[],
    keys: readonly string[],
  ): Promise<[string, Shown][]> {
    const { no } = syncEntities[name];
    const ids = changed.flatMap(({ entity, id }) => (entity === no ? [id] : []));
    if (ids.length === 0) return [];
    const rows = await this.lane.query<ShownRow>((sql) =>
      sql.unsafe<ShownRow[]>(rowsNow(hospital.schema, name, projection.fields), [
        JSON.stringify(ids),
        JSON.stringify(keys),
      ]),
    );
    return rows.map((row) => [`${no} ${row.id}`, { name, row }]);
  }
}

/** Takes changes in the order of the feed for as long as there is room. */
function takeChanges(
  page: Page,
  changed: readonly ChangedKey[],
  rows: ReadonlyMap<string, Shown>,
): { readonly all: boolean; readonly upTo: number | undefined } {
  let upTo: number | undefined;
  for (const { pos, entity, id } of changed) {
    const shown = rows.get(`${entity} ${id}`);
    if (shown && page.take(shown.name, [shown.row]).length === 0) return { all: false, upTo };
    upTo = Number(pos);
  }
  return { all: true, upTo };
}

function askedFor({ actor, scope, head, page }: Pull, cursors: PullRequest['cursors']): Asked[] {
  return syncEntityNames.flatMap((name): Asked[] => {
    const text = cursors[name];
    if (text === undefined) return [];
    if (!actor.permissions.has(syncEntities[name].read)) {
      page.withdraw(name);
      return [];
    }
    const projection = projectionOf(entities[name], actor.permissions);
    const start: Cursor = {
      f: head.feedId,
      e: head.epoch,
      p: head.pos,
      s: scope.ver,
      g: projection.id,
      n: { a: null },
    };
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

/**
 * How to go on in a scope that changed: with a snapshot of what was added to it, when the cursor is of the scope before,
 * else of everything. What was taken away the device is told by a purge.
 */
function widened(known: Cursor, start: Cursor, { verBefore }: DeviceScope): Cursor {
  const fromBefore = known.s === verBefore && !known.n;
  return fromBefore
    ? { ...known, s: start.s, n: { a: null, k: 'added' } }
    : { ...start, p: Math.min(known.p, start.p) };
}
