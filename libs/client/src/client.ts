import type { SyncEntityName } from '@hms/contracts';
import type { Environment } from './environment.js';
import { ClientError } from './errors.js';
import { sizeOf } from './json.js';
import { Latest } from './latest.js';
import { groupBytes, limits } from './limits.js';
import { type Change, draftOf, type DraftOp, redraftOf } from './queue/draft.js';
import type { Queue } from './queue/queue.js';
import type { AttentionItem } from './queue/queued.js';
import type { RowStore } from './rows/row-store.js';
import { type ClientStatus, isLocked, statusOf } from './status.js';
import { Engine } from './sync/engine.js';
import type { LiveLine } from './sync/live-line.js';
import type { Round } from './sync/round.js';
import { type LocalRow, viewOf, viewsOf } from './view.js';

/** The fields of the rows an application uses, by entity. */
export type RowTypes = { readonly [E in SyncEntityName]?: object };

export type FieldsOf<T extends RowTypes, E extends SyncEntityName> = E extends keyof T
  ? NonNullable<T[E]>
  : Record<string, unknown>;
export type RowOf<T extends RowTypes, E extends SyncEntityName> = LocalRow & FieldsOf<T, E>;

export interface ClientParts {
  readonly queue: Queue;
  readonly rows: RowStore;
  readonly round: Round;
  readonly environment: Environment;
  /** Opens a line on which the server calls, when it has news. */
  readonly live: (onNews: () => void) => LiveLine;
  readonly onError: (error: unknown) => void;
}

/** A change that is stored: it shows at once and is sent when that is possible. */
export interface Saved {
  readonly id: string;
  /** Undefined when nothing had to be changed. */
  readonly op: string | undefined;
}

/** Timers of browsers go no further than 24 days. */
const longestTimerMs = 24 * 3_600_000;

interface ChangeOptions {
  /** Ids of changes this one makes no sense without; those that make the rows it refers to are found by themselves. */
  readonly deps?: readonly string[];
}

/**
 * Reads and changes rows without asking the server, and keeps them in step with it. What a method resolves is on the disk.
 */
export class Client<T extends RowTypes = RowTypes> {
  readonly #engine: Engine;
  readonly #live: LiveLine;
  readonly #statusListeners = new Set<Latest<ClientStatus>>();
  readonly #rowListeners = new Set<{ readonly poke: () => void }>();
  readonly #unwatch: readonly (() => void)[];
  #durable: Promise<boolean> | undefined;
  #forgetLease: (() => void) | undefined;

  /** Use `createClient`. */
  constructor(private readonly parts: ClientParts) {
    const { queue, rows, round, environment, onError } = parts;
    this.#engine = new Engine(round, { queue, rows }, environment, {
      changed: () => this.#tellStatus(),
      failed: onError,
    });
    this.#live = parts.live(() => this.#engine.poke());
    this.#unwatch = [
      queue.storage.watch(() => this.#tellStatus()),
      rows.storage.watch((tables) => {
        this.#tellStatus();
        if (tables.has('state')) void this.#watchLease();
      }),
    ];
  }

  /** Syncs from now on, by itself. */
  start(): void {
    void this.#watchLease();
    this.#engine.start();
    this.#live.start();
  }

  /** Nothing is sent or fetched any more. */
  async stop(): Promise<void> {
    this.#forgetLease?.();
    this.#live.stop();
    await this.#engine.stop();
  }

  /** Stops, and lets go of the storages. */
  async close(): Promise<void> {
    await this.stop();
    for (const unwatch of this.#unwatch) unwatch();
    await this.parts.rows.storage.close();
    await this.parts.queue.storage.close();
  }

  /** Syncs now. Resolves when nothing is left to do or it failed: the status tells. */
  async sync(): Promise<ClientStatus> {
    await this.#engine.sync();
    return this.status();
  }

  /** The network is back, or the server says that something changed. */
  poke(): void {
    this.#engine.poke();
  }

  /** C8: deletes the rows, and keeps what waits. Ask the person first when `waiting` of the status is not 0. */
  async signOut(): Promise<void> {
    await this.stop();
    await this.parts.rows.forget();
  }

  async create<E extends SyncEntityName>(
    entity: E,
    fields: FieldsOf<T, E>,
    options: ChangeOptions & { readonly id?: string } = {},
  ): Promise<Saved> {
    const id = options.id ?? (await this.newId());
    return this.#save({ kind: 'create', entity, id, fields }, options);
  }

  update<E extends SyncEntityName>(
    entity: E,
    id: string,
    fields: Partial<FieldsOf<T, E>>,
    options: ChangeOptions = {},
  ): Promise<Saved> {
    return this.#save({ kind: 'update', entity, id, fields }, options);
  }

  /** Of entities that may be deleted; of others what was wrong is said by a command. */
  remove(
    entity: SyncEntityName,
    id: string,
    { reason, ...options }: ChangeOptions & { readonly reason: string },
  ): Promise<Saved> {
    return this.#save({ kind: 'delete', entity, id, reason }, options);
  }

  /** Something the server does to a row, such as signing a note. Until then the row only says that something waits. */
  command(
    entity: SyncEntityName,
    id: string,
    command: { readonly name: string; readonly args?: object },
    options: ChangeOptions = {},
  ): Promise<Saved> {
    return this.#save({ kind: 'command', entity, id, ...command }, options);
  }

  /** Changes that take effect together or not at all. */
  async together(changes: readonly Change[]): Promise<readonly Saved[]> {
    const drafts: DraftOp[] = [];
    const saved: Saved[] = [];
    for (const change of changes) {
      const draft = await this.#draft(change, [], drafts);
      if (draft) drafts.push(draft);
      saved.push({ id: change.id, op: draft?.op });
    }
    if (drafts.length > limits.ops || sizeOf(drafts) * 2 > groupBytes)
      throw new ClientError('too-large', 'the changes do not fit into one request');
    await this.#enqueue(drafts, await this.newId());
    return saved;
  }

  /** An id for a row that is made offline. */
  async newId(): Promise<string> {
    return this.parts.queue.draw(await this.parts.queue.state());
  }

  /** A record number for a patient registered offline; undefined when none is left. */
  takeRecordNumber(): Promise<string | undefined> {
    return this.parts.queue.takeRecordNumber();
  }

  /** @throws ClientError locked */
  async get<E extends SyncEntityName>(entity: E, id: string): Promise<RowOf<T, E> | undefined> {
    await this.#assertOpen();
    // Queue before rows: an op that leaves the queue meanwhile is shown twice, which is once, and never not at all.
    const pending = await this.parts.queue.pending();
    const base = await this.parts.rows.get(entity, id);
    return viewOf(
      base,
      pending.filter((op) => op.entity === entity && op.id === id),
    ) as RowOf<T, E> | undefined;
  }

  /** All rows of an entity, by id. @throws ClientError locked */
  async rows<E extends SyncEntityName>(entity: E): Promise<readonly RowOf<T, E>[]> {
    await this.#assertOpen();
    const pending = await this.parts.queue.pending();
    const views = viewsOf(
      await this.parts.rows.all(entity),
      pending.filter((op) => op.entity === entity),
    );
    // The fields are what the server's schema says they are.
    return [...views.values()].sort((one, other) => (one.id < other.id ? -1 : 1)) as RowOf<T, E>[];
  }

  /** Calls with all rows of an entity, now and after every change of them; with none while the device is locked. */
  observe<E extends SyncEntityName>(entity: E, listener: (rows: readonly RowOf<T, E>[]) => void): () => void {
    const latest = new Latest(() => this.rows(entity).catch(noneWhenLocked), listener, this.parts.onError);
    const concerns = (tables: ReadonlySet<string>): boolean =>
      ['op', `row/${entity}`, 'state'].some((name) => tables.has(name));
    const poke = (tables: ReadonlySet<string>): void => {
      if (concerns(tables)) latest.poke();
    };
    const unwatch = [this.parts.rows, this.parts.queue].map(({ storage }) => storage.watch(poke));
    this.#rowListeners.add(latest);
    latest.poke();
    return () => {
      latest.stop();
      this.#rowListeners.delete(latest);
      for (const each of unwatch) each();
    };
  }

  /** Refused changes, and those of which some was not taken: a person has to look at them. Oldest first. */
  attention(): Promise<readonly AttentionItem[]> {
    return this.parts.queue.attention();
  }

  /** Tries a change that needs attention again, with what the person corrected, on the row as it stands. */
  async reissue(op: string, corrected: object = {}): Promise<Saved> {
    const item = await this.#attentionItem(op);
    const base = await this.parts.rows.get(item.op.entity, item.op.id);
    const draft = redraftOf(item, corrected, base, await this.newId());
    await this.#assertDurable();
    await this.parts.queue.replace(item, draft);
    this.#engine.poke();
    return { id: draft.id, op: draft.op };
  }

  /** The person gives the change up. */
  async discard(op: string): Promise<void> {
    await this.parts.queue.discard(await this.#attentionItem(op));
  }

  async status(): Promise<ClientStatus> {
    const { queue, rows, environment } = this.parts;
    return statusOf({
      engine: this.#engine.state,
      queue: await queue.state(),
      rows: await rows.state(),
      waiting: (await queue.pending()).length,
      attention: (await queue.attention()).length,
      durable: await this.#isDurable(),
      now: environment.now(),
    });
  }

  /** Calls with the status, now and after every change of it. */
  onStatus(listener: (status: ClientStatus) => void): () => void {
    const latest = new Latest(() => this.status(), listener, this.parts.onError);
    this.#statusListeners.add(latest);
    latest.poke();
    return () => {
      latest.stop();
      this.#statusListeners.delete(latest);
    };
  }

  async #save(change: Change, { deps = [] }: ChangeOptions): Promise<Saved> {
    const draft = await this.#draft(change, deps, []);
    if (draft) await this.#enqueue([draft], null);
    return { id: change.id, op: draft?.op };
  }

  async #draft(change: Change, deps: readonly string[], before: readonly DraftOp[]): Promise<DraftOp | undefined> {
    await this.#assertOpen();
    const pending = await this.parts.queue.pending();
    const base = await this.parts.rows.get(change.entity, change.id);
    return draftOf(change, { base, pending: [...pending, ...before] }, await this.newId(), deps);
  }

  async #enqueue(drafts: readonly DraftOp[], group: string | null): Promise<void> {
    await this.#assertDurable();
    await this.parts.queue.add(drafts, group);
    this.#engine.poke();
  }

  async #attentionItem(op: string): Promise<AttentionItem> {
    const item = (await this.attention()).find((each) => each.op.op === op);
    if (!item) throw new ClientError('not-found', 'no change under this id needs attention');
    return item;
  }

  async #assertOpen(): Promise<void> {
    const { queue, rows, environment } = this.parts;
    const { off } = await queue.state();
    if (isLocked(this.#engine.state, await rows.state(), environment.now() + off)) {
      throw new ClientError('locked', 'the device has to sync before it shows anything');
    }
  }

  /** C9: what may be evicted is no place for a change that cannot be sent at once. */
  async #assertDurable(): Promise<void> {
    if (this.#engine.isOnline || (await this.#isDurable())) return;
    throw new ClientError('not-durable', 'the browser may evict what is stored, and there is no connection');
  }

  #isDurable(): Promise<boolean> {
    this.#durable ??= this.parts.environment.persist().catch(() => false);
    return this.#durable;
  }

  /** What is shown goes away when the lease ends, though nothing else happens. */
  async #watchLease(): Promise<void> {
    const { rows, queue, environment } = this.parts;
    const [{ leaseUntil }, { off }] = [await rows.state(), await queue.state()];
    this.#forgetLease?.();
    if (leaseUntil === null) return;
    const leftMs = Date.parse(leaseUntil) - (environment.now() + off);
    if (leftMs <= 0) return;
    this.#forgetLease = environment.later(
      () => {
        this.#tellStatus();
        for (const listener of this.#rowListeners) listener.poke();
        void this.#watchLease();
      },
      Math.min(leftMs, longestTimerMs),
    );
  }

  #tellStatus(): void {
    for (const latest of this.#statusListeners) latest.poke();
  }
}

function noneWhenLocked(error: unknown): [] {
  if (error instanceof ClientError && error.code === 'locked') return [];
  throw error;
}
