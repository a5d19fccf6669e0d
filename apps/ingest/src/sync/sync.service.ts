import {
  AppError,
  commonError,
  minSyncSchema,
  syncLimits,
  syncProtocol,
  type SyncRegistered,
  type SyncRequest,
  type SyncResponse,
} from '@hms/contracts';
import type { Logger } from '@hms/service-kit';
import { failureOf } from '../database/failure.js';
import type { IngestMetrics } from '../operations/ingest-metrics.js';
import type { SessionDirectory } from './access/session-directory.js';
import { readableNumbers, type SyncActor } from './access/sync-actor.js';
import type { QuietDevices } from './devices/quiet-devices.js';
import type { Registrar, Registration } from './devices/registrar.js';
import type { Pulled } from './pull/page.js';
import type { Puller } from './pull/puller.js';
import type { Answered, DeviceScope, PushAnswer, RequestSource } from './push/push-request.js';
import type { PushQueue } from './push/push-queue.js';
import type { FeedWatch } from './relay/feed-watch.js';
import type { ReadAudit } from './read-audit.js';

export interface SyncParts {
  readonly pushes: Pick<PushQueue, 'push'>;
  readonly puller: Pick<Puller, 'pull'>;
  readonly sessions: Pick<SessionDirectory, 'find'>;
  readonly quiet: Pick<QuietDevices, 'find'>;
  readonly registrar: Pick<Registrar, 'register'>;
  readonly feed: Pick<FeedWatch, 'head' | 'news'>;
  readonly audit: Pick<ReadAudit, 'append'>;
  readonly logger: Pick<Logger, 'warn'>;
  readonly metrics: Pick<IngestMetrics, 'synced'>;
  /** Milliseconds since 1970. */
  readonly now: () => number;
}

const leaseMs = 14 * 24 * 3_600_000;
const pollMs = 60_000;
/** Requests of one device that are worked on together; a client sends one at a time. */
const atOnce = 8;
/** How often a transaction that may succeed is tried. */
const attempts = 3;

/** One sync: first what the device did, then what others did. */
export class SyncService {
  /** Requests by device. */
  readonly #underway = new Map<string, number>();

  constructor(private readonly parts: SyncParts) {}

  register(actor: SyncActor, body: Registration, source: RequestSource): Promise<SyncRegistered> {
    return this.parts.registrar.register(actor, body, source);
  }

  /** @returns the answer as JSON text @throws AppError of `syncErrors`, 429 for a device that asks many times at once, or 503 */
  async sync(actor: SyncActor, request: SyncRequest, source: RequestSource): Promise<string> {
    const { device } = request;
    const others = this.#underway.get(device) ?? 0;
    if (others >= atOnce) throw commonError('rate.limited');
    this.#underway.set(device, others + 1);
    try {
      return await this.#sync(actor, request, source);
    } finally {
      const left = (this.#underway.get(device) ?? 1) - 1;
      if (left === 0) this.#underway.delete(device);
      else this.#underway.set(device, left);
    }
  }

  async #sync(actor: SyncActor, request: SyncRequest, source: RequestSource): Promise<string> {
    const { now, feed } = this.parts;
    // Before anything is committed.
    if (!feed.head) throw commonError('service.unavailable');
    const skewMs = request.clock ? now() - Date.parse(request.clock.wall) : undefined;
    const pushed = await this.#push(actor, request, source, skewMs);
    this.parts.metrics.synced(pushed.results.map(({ result }) => result));
    const isOld = request.schema < minSyncSchema;
    const pulled =
      request.pull && !isOld
        ? await this.#pull(actor, request.pull, { ...pushed, deviceId: request.device }, source).catch((err: unknown) =>
            this.#withoutPull(err, pushed, source),
          )
        : undefined;
    const { head } = feed;
    const { scope, lastSeq, results, restFrom = null } = pushed;
    const response: Omit<SyncResponse, 'changes' | 'results'> = {
      v: syncProtocol,
      server_time: new Date(now()).toISOString(),
      feed: head.feedId,
      epoch: head.epoch,
      device: { last_seq: lastSeq },
      unprocessed_from: restFrom,
      // A twin of the device, such as one from a backup, has not purged because the other has.
      ...(scope.purged && !pulled?.isOfOtherScope ? {} : { purge: { ver: scope.ver, keep: scope.keys } }),
      ...pulledPart(pulled),
      hints: {
        next_ms: Math.round(pollMs * (0.75 + Math.random() / 2)),
        max_ops: syncLimits.ops,
        lease_until: new Date(now() + leaseMs).toISOString(),
        ...(skewMs === undefined ? {} : { clock_off_ms: skewMs }),
        ...(isOld ? { upgrade: { min: minSyncSchema } } : {}),
        ...(pulled && Object.keys(pulled.historyFrom).length > 0 ? { history_from: pulled.historyFrom } : {}),
      },
    };
    // Rows are JSON as they come from the database.
    const members = JSON.stringify(response).slice(0, -1);
    return `${members},"results":[${results.map(resultJson).join(',')}],"changes":${changesJson(pulled)}}`;
  }

  async #push(
    actor: SyncActor,
    request: SyncRequest,
    source: RequestSource,
    skewMs: number | undefined,
  ): Promise<PushAnswer> {
    const { device: deviceId, schema: schemaVersion, app, ops, attempt, ack } = request;
    const isQuiet = ops.length === 0 && ack.purge === undefined;
    const quiet = isQuiet ? await this.parts.quiet.find(actor, deviceId) : undefined;
    if (quiet) return quiet;
    const push = { actor, deviceId, schemaVersion, app, ops, attempt, purgedTo: ack.purge, source, skewMs };
    for (let left = attempts - 1; ; left--) {
      try {
        return await this.parts.pushes.push(push);
      } catch (err) {
        // A commit nobody heard of is found in the ledger.
        if (err instanceof AppError || !['lost', 'transient'].includes(failureOf(err))) throw err;
        if (left === 0) throw commonError('service.unavailable', { cause: err });
      }
    }
  }

  /** What a pull fails at does not keep what became of ops from the device: it asks again, without them. */
  #withoutPull(err: unknown, { results }: PushAnswer, { requestId }: RequestSource): Pulled {
    if (results.length === 0) throw err;
    this.parts.logger.warn({ err, requestId }, 'ops were answered without what is new');
    return nothingPulled;
  }

  async #pull(
    actor: SyncActor,
    request: NonNullable<SyncRequest['pull']>,
    { deviceId, scope, results }: PushAnswer & { readonly deviceId: string },
    source: RequestSource,
  ): Promise<Pulled> {
    const { feed, puller } = this.parts;
    const pull = (): Promise<Pulled> => puller.pull(actor, scope, request);
    let pulled = await pull();
    const waiter = { hospitalId: actor.hospital.id, keys: scope.keys, entities: readableNumbers(actor) };
    // Who has to purge or has results is told so at once.
    const waits = results.length === 0 && scope.purged && !pulled.isOfOtherScope;
    const until = this.parts.now() + (waits ? request.wait_ms : 0);
    for (let left = until - this.parts.now(); left > 0 && isEmpty(pulled); left = until - this.parts.now()) {
      if (!(await feed.news(waiter, pulled.upTo, left))) break;
      if (!(await this.#isAsBefore(actor, deviceId, scope))) break;
      pulled = await pull();
    }
    await this.parts.audit.append(actor, source, pulled);
    return pulled;
  }

  /** While a device waited its session may have ended, or what it may hold have changed: then it has to ask anew. */
  async #isAsBefore({ sessionId }: SyncActor, deviceId: string, { ver }: DeviceScope): Promise<boolean> {
    const actor = await this.parts.sessions.find(sessionId);
    const now = actor && (await this.parts.quiet.find(actor, deviceId));
    return now?.scope.ver === ver;
  }
}

const nothingPulled: Pulled = {
  ...{ changes: new Map(), reset: [], snapshotDone: [], cursors: {}, complete: false },
  ...{ historyFrom: {}, isOfOtherScope: false, upTo: 0, patientIds: [] },
};

const isEmpty = ({ changes, reset, complete }: Pulled): boolean => changes.size === 0 && reset.length === 0 && complete;

const pulledPart = (
  pulled: Pulled | undefined,
): Pick<SyncResponse, 'reset' | 'snapshot_done' | 'cursors' | 'complete'> => ({
  reset: pulled?.reset ?? [],
  snapshot_done: pulled?.snapshotDone ?? [],
  cursors: pulled?.cursors ?? {},
  complete: pulled?.complete ?? true,
});

const resultJson = ({ result, row }: Answered): string =>
  row === undefined ? JSON.stringify(result) : `${JSON.stringify(result).slice(0, -1)},"row":${row}}`;

function changesJson(pulled: Pulled | undefined): string {
  const entries = [...(pulled?.changes ?? [])].map(
    ([name, { put, del, out }]) =>
      `"${name}":{"put":[${put.join(',')}],"del":${JSON.stringify(del)},"out":${JSON.stringify(out)}}`,
  );
  return `{${entries.join(',')}}`;
}
