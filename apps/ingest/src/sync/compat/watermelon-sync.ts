import { commonError, syncEntityNames, syncError, syncLimits, type SyncEntityName, type SyncRow } from '@hms/contracts';
import type { TransactionSql } from 'postgres';
import { readableBy } from '../access/sync-actor.js';
import { type Cursor, readCursor, writeCursor } from '../pull/cursor.js';
import type { Pulled } from '../pull/page.js';
import type { Puller } from '../pull/puller.js';
import type { UnnumberedOps } from '../push/push-request.js';
import type { FeedHead, FeedWatch } from '../relay/feed-watch.js';
import type { CompatClient, Contacts } from './compat-client.js';
import { documentOf } from './documents.js';
import { contentOf, type Replica, type Replicas } from './replicas.js';
import { type RawRecord, recordOf, type TableChanges, wishesOf } from './watermelon-records.js';
import { pulledAt, timestampOf } from './watermelon-timestamp.js';
import { rowsJson, WishedOps } from './wished-ops.js';
import type { Wish } from './wish.js';

export interface WatermelonPullRequest {
  readonly lastPulledAt: number | null;
  /** Set when the app got new tables or columns: their rows have to be sent again. */
  readonly migration?: object | null | undefined;
}

export interface WatermelonPulled {
  readonly changes: Readonly<Record<string, TableChanges>>;
  readonly timestamp: number;
  /** The client is to hold nothing else any more. */
  readonly experimentalStrategy?: 'replacement';
}

export interface WatermelonPushRequest {
  readonly lastPulledAt: number;
  readonly changes: Readonly<Partial<Record<SyncEntityName, TableChanges>>>;
}

export interface WatermelonParts {
  readonly contacts: Contacts;
  readonly puller: Pick<Puller, 'pull'>;
  readonly replicas: Pick<Replicas, 'numbered'>;
  readonly feed: Pick<FeedWatch, 'head'>;
  /** Rows that are sent at once at most; by default 50,000. */
  readonly mostRows?: number;
}

/** How a client stands, and what it may hold. */
interface Standing {
  readonly head: FeedHead;
  readonly replica: Replica;
  readonly confirm: string | undefined;
}

/** WatermelonDB's `synchronize`: all tables at once, and a push that takes effect as a whole. */
export class WatermelonSync {
  constructor(private readonly parts: WatermelonParts) {}

  async pull(client: CompatClient, { lastPulledAt, migration }: WatermelonPullRequest): Promise<WatermelonPulled> {
    const { head, replica, confirm } = await this.#stand(client);
    const last = lastPulledAt === null ? undefined : pulledAt(lastPulledAt);
    const goesOn = last?.replica === replica.no && last.pos >= head.floor && (migration ?? null) === null;
    // It holds what it was sent for this replica, and nothing else.
    if (goesOn && confirm !== undefined) await this.parts.contacts.stand(client, confirm);
    const since = goesOn ? last.pos : undefined;
    const { changes, pos, anew } = await this.#changes(client, { head, replica, since });
    await this.parts.contacts.auditRead(client, Object.keys(changes), patientsIn(changes));
    const timestamp = timestampOf({ pos, replica: replica.no });
    return { changes, timestamp, ...(!anew || !last ? {} : { experimentalStrategy: 'replacement' }) };
  }

  /** @throws AppError `sync.changed-since` when nothing was done: the client has to pull first */
  async push(client: CompatClient, { lastPulledAt, changes }: WatermelonPushRequest): Promise<void> {
    const { replica } = await this.#stand(client);
    const last = pulledAt(lastPulledAt);
    if (last.replica !== replica.no) throw syncError('sync.changed-since');
    const wishes = syncEntityNames.flatMap((name) =>
      wishesOf(name, changes[name] ?? { created: [], updated: [], deleted: [] }),
    );
    await this.parts.contacts.push(client, asAWhole(client, wishes, last.pos));
  }

  async #stand(client: CompatClient): Promise<Standing> {
    const { contacts, feed, replicas } = this.parts;
    const { scope } = await contacts.stand(client);
    const { head } = feed;
    if (!head) throw commonError('service.unavailable');
    const replica = await replicas.numbered(client.deviceId, contentOf(client.actor, scope.keys, head));
    return { head, replica, confirm: scope.purged ? undefined : scope.ver };
  }

  /** What changed since a position, or everything. */
  async #changes(
    client: CompatClient,
    { head, replica, since }: { head: FeedHead; replica: Replica; since: number | undefined },
  ): Promise<{ changes: Record<string, TableChanges>; pos: number; anew: boolean }> {
    const { puller, mostRows = 50_000 } = this.parts;
    const { actor, deviceId } = client;
    const ver = String(replica.no);
    const keys = [...replica.keys, `device:${deviceId}`];
    const cursorOf = (name: SyncEntityName): Cursor => {
      const from = since === undefined ? { p: head.pos, n: { a: null } } : { p: since };
      return { f: head.feedId, e: head.epoch, s: ver, g: replica.shown[name] ?? '', ...from };
    };
    let cursors = Object.fromEntries(readableBy(actor).map((name) => [name, writeCursor(cursorOf(name))]));
    const gathered = new GatheredRows();
    for (let complete = false; !complete;) {
      const limits = { limit: syncLimits.rows, max_bytes: syncLimits.rowsBytes, wait_ms: 0 };
      const scope = { keys, ver, keysBefore: [], verBefore: null, purged: true };
      const pulled = await puller.pull(actor, scope, { cursors, ...limits });
      if (pulled.reset.length > 0) {
        if (since === undefined) throw commonError('service.unavailable');
        // Nothing follows what it was told, as after the database was put back.
        return this.#changes(client, { head, replica, since: undefined });
      }
      gathered.add(pulled);
      if (gathered.size > mostRows) throw syncError('sync.replica-too-large');
      cursors = { ...cursors, ...pulled.cursors };
      ({ complete } = pulled);
    }
    // All went on to where the feed stood at the last question.
    const pos = Math.min(...Object.values(cursors).map((text) => readCursor(text)?.p ?? head.pos));
    return { changes: gathered.changes, pos: Number.isFinite(pos) ? pos : head.pos, anew: since === undefined };
  }
}

/** Rows by table; of what is sent of a row in two pages the later counts. */
class GatheredRows {
  readonly #rows = new Map<SyncEntityName, Map<string, RawRecord | undefined>>(
    syncEntityNames.map((name) => [name, new Map()]),
  );

  get size(): number {
    return [...this.#rows.values()].reduce((sum, { size }) => sum + size, 0);
  }

  get changes(): Record<string, TableChanges> {
    return Object.fromEntries(
      [...this.#rows].map(([name, rows]) => {
        const updated = [...rows.values()].filter((record) => record !== undefined);
        const deleted = [...rows].flatMap(([id, record]) => (record ? [] : [id]));
        // `sendCreatedAsUpdated`: nobody knows which rows this client has.
        return [name, { created: [], updated, deleted }];
      }),
    );
  }

  add({ changes }: Pulled): void {
    for (const [name, { put, del, out }] of changes) {
      const rows = this.#rows.get(name);
      for (const text of put) {
        const row = JSON.parse(text) as SyncRow;
        rows?.set(row.id, recordOf(name, documentOf(row)));
      }
      for (const id of [...del, ...out]) rows?.set(id, undefined);
    }
  }
}

function patientsIn(changes: Readonly<Record<string, TableChanges>>): string[] {
  const ids = Object.entries(changes).flatMap(([name, { updated }]) =>
    updated.map(({ id, patientId }) => (name === 'patients' ? id : String(patientId))),
  );
  return [...new Set(ids)];
}

/**
 * The ops of a push that takes effect only if nobody changed one of its rows since they were pulled. What is refused for
 * good keeps no other back: the client is told with the next pull how those rows stand, and it does not send them again.
 */
function asAWhole({ actor, deviceId }: CompatClient, wishes: readonly Wish[], since: number): UnnumberedOps {
  const ops = new WishedOps({ actor, deviceId, wishes });
  return {
    compose: async (tx, first) => {
      if (await isChangedSince(tx, actor.hospital.id, since, wishes)) throw syncError('sync.changed-since');
      return ops.compose(tx, first);
    },
    settle: async (tx, results) => {
      const { untold, overtaken } = ops.unfulfilled(results);
      if (overtaken.length > 0) throw syncError('sync.changed-since');
      if (untold.length > 0) await tx`select sync.tell_device(${deviceId}, ${rowsJson(untold)}::text::jsonb)`;
    },
  };
}

async function isChangedSince(
  tx: TransactionSql,
  hospitalId: string,
  since: number,
  wishes: readonly Wish[],
): Promise<boolean> {
  const [row] = await tx<{ changed: boolean }[]>`
    select sync.changed_since(${hospitalId}, ${since}::bigint, ${rowsJson(wishes)}::text::jsonb) as changed`;
  return row?.changed === true;
}
