import {
  commonError,
  syncEntities,
  syncEntityNames,
  type SyncEntity,
  type SyncEntityName,
  type SyncRequest,
} from '@hms/contracts';
import type { Lane } from '../../database/lane.js';
import type { SyncActor } from '../access/sync-actor.js';
import { entities } from '../entities/registry.js';
import type { DeviceScope } from '../push/push-request.js';
import type { Changed, ChangedKey, ChangesWanted, FeedRing } from '../relay/feed-ring.js';
import type { FeedHead } from '../relay/feed-watch.js';
import { type Cursor, isOf, reachOf, readCursor, uselessness } from './cursor.js';
import { Page, type Pulled, type ShownRow } from './page.js';
import { type Projection, projectionOf } from './projection.js';
import { changedKeys, historyStart, snapshotPage } from './pull-statements.js';
import type { RowImage, RowImages } from './row-images.js';

type PullRequest = NonNullable<SyncRequest['pull']>;

export interface PullerParts {
  readonly lane: Pick<Lane, 'query'>;
  readonly feed: { readonly head: FeedHead | undefined; readonly ring: FeedRing };
  readonly images: Pick<RowImages, 'find'>;
  /** How many rows a device should hold: with more, apps on phones become slow. */
  readonly mostRows: number;
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
  /** Where the feed stands, if this process has not heard of it yet. */
  readonly end: number;
  readonly page: Page;
}

/** Rows of an entity for some keys, as statements take them. */
interface Whose {
  readonly schema: string;
  readonly name: SyncEntityName;
  readonly whole: boolean;
  readonly wards: string;
  readonly patients: string;
}

interface Asked {
  readonly name: SyncEntityName;
  readonly projection: Projection;
  readonly cursor: Cursor;
}

/** Answers what changed since a device's cursors, or all of an entity where there is nothing to go on from. */
export class Puller {
  constructor(private readonly parts: PullerParts) {}

  /** @throws AppError 503 before the feed was read for the first time */
  async pull(actor: SyncActor, scope: DeviceScope, request: PullRequest): Promise<Pulled> {
    const { head } = this.parts.feed;
    if (!head) throw commonError('service.unavailable');
    const page = new Page(request, head.pos);
    const pull = { actor, scope, head, end: await this.#end(head, request.cursors), page };
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

  /** Another process may have told of changes that this one does not know yet. */
  async #end(head: FeedHead, cursors: PullRequest['cursors']): Promise<number> {
    const isBeyond = Object.values(cursors).some((text) => {
      const cursor = text === null ? undefined : readCursor(text);
      return cursor && isOf(cursor, head) && reachOf(cursor) > head.pos;
    });
    if (!isBeyond) return head.pos;
    const [relay] = await this.parts.lane.query<{ readonly pos: string }>(
      (sql) => sql`select pos::text from sync.relay where feed_id = ${head.feedId} and epoch = ${head.epoch}`,
    );
    return Number(relay?.pos ?? head.pos);
  }

  async #snapshot({ actor, scope, page }: Pull, { name, projection, cursor }: Asked): Promise<void> {
    const keys = cursor.n?.k === 'added' ? scope.keys.filter((key) => !scope.keysBefore.includes(key)) : scope.keys;
    const limit = page.room;
    const { schema } = actor.hospital;
    // Of all the device holds then: what was added to it is not for itself.
    const after = cursor.n?.a ?? (await this.#historyStart({ schema, name, ...whoseOf(scope.keys) }, page));
    const { whole, wards, patients } = whoseOf(keys);
    const rows = await this.parts.lane.query<ShownRow>((sql) =>
      sql.unsafe<ShownRow[]>(snapshotPage(schema, name, projection.fields, whole), [after, wards, patients, limit]),
    );
    const taken = page.take(name, rows);
    const last = taken.at(-1)?.id ?? after;
    if (taken.length === rows.length && rows.length < limit) page.snapshotEnds(name, { ...cursor, n: undefined });
    else page.leave(name, { ...cursor, n: { ...cursor.n, a: last } });
  }

  /** After which id a snapshot begins: history is sent as far as a device should hold it, the newest first of all. */
  async #historyStart({ schema, name, whole, wards, patients }: Whose, page: Page): Promise<string | null> {
    const { historyShare }: SyncEntity = syncEntities[name];
    if (historyShare === undefined) return null;
    const room = this.parts.mostRows;
    const [left] = await this.parts.lane.query<{ readonly id: string }>((sql) =>
      sql.unsafe<{ readonly id: string }[]>(historyStart(schema, name, historyShare, whole), [room, wards, patients]),
    );
    if (!left) return null;
    page.beginHistory(name, timeOf(left.id));
    return left.id;
  }

  /** Changes of some entities, all since the same position. */
  async #follow(pull: Pull, asked: readonly Asked[]): Promise<void> {
    const { scope, head, page, actor } = pull;
    const since = asked[0]?.cursor.p ?? head.pos;
    const limit = page.room;
    const none = since >= head.pos;
    const changed = none || limit === 0 ? noChange : await this.#changed(pull, asked, since);
    const rows = await Promise.all(asked.map((each) => this.#rowsNow(actor, each, changed, scope.keys)));
    const taken = takeChanges(page, changed.rows, new Map(rows.flat()));
    const isWhole = none || (limit > 0 && taken.all && changed.entries < limit);
    for (const { name, cursor } of asked) {
      // Also when nothing was for this device: it need not look there again.
      if (isWhole) page.follow(name, { ...cursor, p: Math.max(since, head.pos) });
      else page.leave(name, { ...cursor, p: taken.upTo ?? since });
    }
  }

  async #changed(
    { actor: { hospital }, scope: { keys }, head, page }: Pull,
    asked: readonly Asked[],
    since: number,
  ): Promise<Changed> {
    const wanted = {
      ...{ hospitalId: hospital.id, since, upTo: head.pos, keys, limit: page.room },
      entities: asked.map(({ name }) => syncEntities[name].no),
    };
    return this.parts.feed.ring.changed(wanted) ?? this.#readChanged(wanted);
  }

  async #readChanged({ hospitalId, since, upTo, entities: of, keys, limit }: ChangesWanted): Promise<Changed> {
    const parameters = [hospitalId, since, upTo, JSON.stringify(of), JSON.stringify(keys), limit];
    const rows = await this.parts.lane.query<ChangedKey & { readonly entries: number }>((sql) =>
      sql.unsafe<(ChangedKey & { readonly entries: number })[]>(changedKeys, parameters),
    );
    return { rows, entries: rows[0]?.entries ?? 0 };
  }

  async #rowsNow(
    { hospital }: SyncActor,
    { name, projection }: Asked,
    changed: Changed,
    keys: readonly string[],
  ): Promise<[string, Shown][]> {
    const { no } = syncEntities[name];
    const ids = changed.rows.flatMap(({ entity, id }) => (entity === no ? [id] : []));
    if (ids.length === 0) return [];
    const images = await this.parts.images.find({ hospital, name, projection, ids });
    return images.map((image) => [`${no} ${image.id}`, { name, row: shownTo(image, keys) }]);
  }
}

/** When a row with an id of version 7 was made (RFC 9562 §5.7). */
const timeOf = (id: string): Date => new Date(Number.parseInt(id.replaceAll('-', '').slice(0, 12), 16));

/** Keys as statements take them. */
function whoseOf(keys: readonly string[]): Pick<Whose, 'whole' | 'wards' | 'patients'> {
  const of = (kind: string): string =>
    JSON.stringify(keys.flatMap((key) => (key.startsWith(kind) ? [key.slice(kind.length)] : [])));
  return { whole: keys.includes('hospital'), wards: of('ward:'), patients: of('patient:') };
}

const noChange: Changed = { rows: [], entries: 0 };

function shownTo({ id, patient_id: patientId, keys: of, row }: RowImage, keys: readonly string[]): ShownRow {
  const shown = { id, patient_id: patientId };
  if (!of || row === null) return { ...shown, op: 'del', row: null };
  return of.some((key) => keys.includes(key)) ? { ...shown, op: 'put', row } : { ...shown, op: 'out', row: null };
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
    upTo = pos;
  }
  return { all: true, upTo };
}

function askedFor({ actor, scope, head, end, page }: Pull, cursors: PullRequest['cursors']): Asked[] {
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
    const read = readCursor(text);
    const why = read ? uselessness(read, { ...head, pos: end }, projection.id) : 'unreadable';
    if (!read || why !== undefined) {
      page.reset(name, why ?? 'unreadable');
      return [{ name, projection, cursor: start }];
    }
    // Of an epoch before, it goes on in this one.
    const known = { ...read, f: head.feedId, e: head.epoch };
    if (known.s === scope.ver) return [{ name, projection, cursor: known }];
    page.isOfOtherScope = true;
    return [{ name, projection, cursor: widened(known, start, scope) }];
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
