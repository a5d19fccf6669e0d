import { commonError, syncError, syncLimits, type SyncEntityName, type SyncRow } from '@hms/contracts';
import type { Lane } from '../../database/lane.js';
import { type Cursor, readCursor, writeCursor } from '../pull/cursor.js';
import type { Pulled } from '../pull/page.js';
import type { Puller } from '../pull/puller.js';
import type { FeedHead, FeedWatch } from '../relay/feed-watch.js';
import type { CompatClient, Contacts } from './compat-client.js';
import { type Document, documentOf, tombstone } from './documents.js';
import { contentOf, type Replica, type Replicas } from './replicas.js';
import {
  type Checkpoint,
  keysBetween,
  readCheckpoint,
  replicasIn,
  turned,
  writeCheckpoint,
} from './rxdb-checkpoint.js';

export interface RxdbPullRequest {
  readonly checkpoint: string | null;
  readonly limit: number;
}

export interface RxdbPulled {
  readonly documents: readonly Document[];
  readonly checkpoint: { readonly cursor: string };
}

export interface RxdbPullParts {
  readonly lane: Pick<Lane, 'query'>;
  readonly contacts: Pick<Contacts, 'stand' | 'auditRead'>;
  readonly puller: Pick<Puller, 'pull'>;
  readonly replicas: Pick<Replicas, 'numbered' | 'find'>;
  readonly feed: Pick<FeedWatch, 'head'>;
}

/** One pull on its way. */
interface Walk {
  readonly client: CompatClient;
  readonly entity: SyncEntityName;
  readonly now: Replica;
  readonly before: readonly Replica[];
}

/**
 * Documents that changed since a checkpoint, for clients that know nothing of scopes: what they may not hold any more comes
 * as deleted. A batch is filled for as long as there is anything, because fewer documents mean to them that it was all.
 */
export class RxdbPull {
  constructor(private readonly parts: RxdbPullParts) {}

  /** @throws AppError `sync.replica-outdated` when nothing can follow the checkpoint */
  async pull(client: CompatClient, entity: SyncEntityName, request: RxdbPullRequest): Promise<RxdbPulled> {
    const { contacts, feed, replicas } = this.parts;
    const { scope } = await contacts.stand(client);
    const { head } = feed;
    if (!head) throw commonError('service.unavailable');
    const now = await replicas.numbered(client.deviceId, contentOf(client.actor, scope.keys, head));
    const { at, before } = await this.#resume(client, entity, request.checkpoint, { now, head });
    const from = at.b === undefined ? at : { ...at, ...(await this.#relayed(at.b)) };
    const end = await this.#walk({ client, entity, now, before }, from, request.limit);
    const isSettled = end.at.q !== undefined && end.at.p >= end.at.q;
    const checkpoint = isSettled ? { r: now.no, p: end.at.p } : end.at;
    await contacts.auditRead(client, [entity], patientsIn(entity, end.documents));
    return { documents: end.documents, checkpoint: { cursor: writeCheckpoint(checkpoint) } };
  }

  async #resume(
    { deviceId }: CompatClient,
    entity: SyncEntityName,
    text: string | null,
    { now, head }: { readonly now: Replica; readonly head: FeedHead },
  ): Promise<{ at: Checkpoint; before: readonly Replica[] }> {
    if (text === null) return { at: { r: now.no, p: head.pos, n: { a: null } }, before: [] };
    const known = readCheckpoint(text);
    if (!known || known.p < head.floor) throw syncError('sync.replica-outdated');
    if (known.r === now.no && known.w === undefined) return { at: known, before: [] };
    const found = await this.parts.replicas.find(deviceId, replicasIn(known));
    const from = found.get(known.r);
    if (from?.feed !== now.feed || from.epoch !== now.epoch) throw syncError('sync.replica-outdated');
    const at = known.r === now.no ? known : turned(known, from, now, entity);
    const before = (at.w ?? []).map((no) => found.get(no));
    if (before.some((each) => each === undefined)) throw syncError('sync.replica-outdated');
    return { at, before: before.filter((each) => each !== undefined) };
  }

  async #walk(walk: Walk, from: Checkpoint, limit: number): Promise<{ documents: Document[]; at: Checkpoint }> {
    const documents = new Map<string, Document>();
    let at = from;
    for (;;) {
      const pulled = await this.#step(walk, at, limit - documents.size);
      for (const document of documentsIn(walk, pulled)) documents.set(document.id, document);
      at = after(at, walk.entity, pulled);
      const isBackTaken = pulled.snapshotDone.includes(walk.entity) && at.w !== undefined;
      if (isBackTaken) at = { ...at, b: await this.#snapshotEnd() };
      if (pulled.complete || documents.size >= limit) return { documents: [...documents.values()], at };
    }
  }

  #step({ client: { actor }, entity, now, before }: Walk, at: Checkpoint, limit: number): Promise<Pulled> {
    const { all, moved } = keysBetween(before, now);
    const keysBefore = all.filter((key) => !moved.has(key));
    const ver = String(now.no);
    const cursor: Cursor = { f: now.feed, e: now.epoch, p: at.p, s: ver, g: now.shown[entity] ?? '', n: at.n };
    return this.parts.puller.pull(
      actor,
      { keys: all, ver, keysBefore, verBefore: null, purged: true },
      { cursors: { [entity]: writeCursor(cursor) }, limit, max_bytes: syncLimits.rowsBytes, wait_ms: 0 },
    );
  }

  /** What a later snapshot of PostgreSQL may see and an earlier one did not has this number or a higher one. */
  async #snapshotEnd(): Promise<string> {
    const [row] = await this.parts.lane.query<{ end: string }>(
      (sql) => sql`select pg_snapshot_xmax(pg_current_snapshot())::text as end`,
    );
    if (!row) throw new Error('PostgreSQL has no snapshot');
    return row.end;
  }

  /** Up to where the feed has all that a snapshot of PostgreSQL saw, once it has. */
  async #relayed(end: string): Promise<Pick<Checkpoint, 'b' | 'q'>> {
    const [row] = await this.parts.lane.query<{ pos: string; past: boolean }>(
      (sql) => sql`select pos::text, pg_snapshot_xmin(prev) >= ${end}::xid8 as past from sync.relay`,
    );
    return row?.past ? { b: undefined, q: Number(row.pos) } : {};
  }
}

function after(at: Checkpoint, entity: SyncEntityName, { cursors, reset }: Pulled): Checkpoint {
  const cursor = readCursor(cursors[entity] ?? '');
  if (!cursor || reset.length > 0) throw syncError('sync.replica-outdated');
  const n = cursor.n && { a: cursor.n.a, ...(cursor.n.k ? { k: cursor.n.k } : {}) };
  return { ...at, p: cursor.p, n };
}

function documentsIn({ entity, now }: Walk, { changes }: Pulled): Document[] {
  const { put = [], del = [], out = [] } = changes.get(entity) ?? {};
  const shown = put.map((text) => {
    const row = JSON.parse(text) as SyncRow;
    return row._sk.some((key) => now.keys.includes(key)) ? documentOf(row) : tombstone(row.id);
  });
  return [...shown, ...[...del, ...out].map(tombstone)];
}

const patientsIn = (entity: SyncEntityName, documents: readonly Document[]): string[] => [
  ...new Set(
    documents.flatMap(({ id, _deleted, patientId }) =>
      _deleted ? [] : [entity === 'patients' ? id : String(patientId)],
    ),
  ),
];
