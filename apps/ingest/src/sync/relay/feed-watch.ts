import { setTimeout as delay } from 'node:timers/promises';
import type { Logger } from '@hms/service-kit';
import type { Lane } from '../../database/lane.js';
import { type Subscriber, Subscribers } from '../live/subscribers.js';
import { type FeedEntry, FeedRing } from './feed-ring.js';

/** Where the feed stands. */
export interface FeedHead {
  readonly feedId: string;
  readonly epoch: number;
  readonly pos: number;
  /** The feed has nothing up to here any more. */
  readonly floor: number;
  /** Of each epoch but the first: the feed of the one before, and up to where what that told is still true. */
  readonly epochs: readonly { readonly epoch: number; readonly before: string; readonly upTo: number }[];
}

interface EntryRow {
  readonly pos: number;
  readonly hospital_id: string;
  readonly entity: number;
  readonly row_id: string;
  readonly keys: readonly string[];
}

interface HeadRow {
  readonly feed_id: string;
  readonly epoch: number;
  readonly pos: string;
  readonly floor_pos: string;
  readonly epochs: FeedHead['epochs'] | null;
}

/** How far the relay is behind, seconds. */
export interface RelayStatus {
  /** The oldest change that ended and is not in the feed yet, or is not known here. */
  readonly lag: number;
  /** The oldest transaction whose changes the feed waits for. */
  readonly oldestWriter: number;
}

interface StatusRow {
  readonly lag_seconds: number | null;
  readonly oldest_writer_seconds: number | null;
}

const everyMs = 75;
const statusEveryMs = 5_000;
const partitionsEveryMs = 600_000;
const rowsAStep = 20_000;
/** More news than this is left to the database. */
const mostFollowed = 50_000;
const mostWaiters = 20_000;
const spreadMs = 200;

/**
 * Relays the change log into the feed, unless another process does, and tells whom news concerns. A lost wake-up costs time
 * only: whoever asks is answered from the feed.
 */
export class FeedWatch {
  /** What changed of late. */
  readonly ring = new FeedRing();
  /** Who is told that something changed. */
  readonly subscribers = new Subscribers();
  #head: FeedHead | undefined;
  #stopped = false;
  #running: Promise<void> = Promise.resolve();
  #failing = false;
  #partitionsAt = 0;
  #measured: RelayStatus = { lag: 0, oldestWriter: 0 };
  #measuredAt = -Infinity;
  #lookedAt: number;
  /** Ends the wait of those who wait. */
  readonly #waiters = new Set<() => void>();

  constructor(
    private readonly lane: Pick<Lane, 'query'>,
    private readonly logger: Logger,
    private readonly now: () => number = () => performance.now(),
  ) {
    this.#lookedAt = now();
  }

  /** As it was measured a few seconds ago; while the feed cannot be read, the lag grows. */
  get status(): RelayStatus {
    const { lag, oldestWriter } = this.#measured;
    return { lag: Math.max(lag, (this.now() - this.#lookedAt) / 1_000), oldestWriter };
  }

  /** As of the last look, some 100 ms ago; undefined before the first. */
  get head(): FeedHead | undefined {
    return this.#head;
  }

  start(): void {
    this.#running = this.#run();
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    for (const end of this.#waiters) end();
    await this.#running;
  }

  /** Ends when something changed since `pos` for somebody, or after `ms`. @returns whether something did */
  async news(who: Omit<Subscriber, 'tell'>, pos: number, ms: number): Promise<boolean> {
    if (this.#stopped || this.#waiters.size >= mostWaiters) return false;
    if (this.#hasNews(who, pos)) return true;
    await new Promise<void>((resolve) => {
      const end = (): void => {
        clearTimeout(timer);
        this.#waiters.delete(end);
        this.subscribers.delete(subscriber);
        resolve();
      };
      const timer = setTimeout(end, ms);
      const subscriber = { ...who, tell: end };
      this.#waiters.add(end);
      this.subscribers.add(subscriber);
    });
    // Not all of a ward at once.
    await delay(Math.random() * spreadMs);
    return this.#hasNews(who, pos);
  }

  /** Something may have come since it was looked. */
  #hasNews({ hospitalId, keys, entities }: Omit<Subscriber, 'tell'>, since: number): boolean {
    const upTo = this.#head?.pos ?? 0;
    if (upTo <= since) return false;
    const changed = this.ring.changed({ hospitalId, since, upTo, entities: [...entities], keys, limit: 1 });
    return !changed || changed.entries > 0;
  }

  async #run(): Promise<void> {
    while (!this.#stopped) {
      try {
        while (await this.step());
        if (this.#failing) this.logger.info('the change feed moves again');
        this.#failing = false;
      } catch (err) {
        if (!this.#failing) this.logger.warn({ err }, 'the change feed does not move');
        this.#failing = true;
      }
      await delay(everyMs);
    }
  }

  /** Moves what became visible, if nobody else does. @returns whether there is more to move at once */
  async step(): Promise<boolean> {
    const [moved] = await this.lane.query<{ more: boolean }>(
      (sql) => sql`select more from sync.advance(${rowsAStep}::int)`,
    );
    await this.#look();
    this.#lookedAt = this.now();
    if (this.#lookedAt - this.#measuredAt >= statusEveryMs) await this.#measure();
    if (moved && this.now() - this.#partitionsAt >= partitionsEveryMs) {
      this.#partitionsAt = this.now();
      await this.lane.query((sql) => sql`select sync.keep_partitions()`);
    }
    return moved?.more ?? false;
  }

  async #measure(): Promise<void> {
    this.#measuredAt = this.now();
    const [row] = await this.lane.query<StatusRow>((sql) => sql`select * from sync.relay_status()`);
    this.#measured = { lag: row?.lag_seconds ?? 0, oldestWriter: row?.oldest_writer_seconds ?? 0 };
  }

  async #look(): Promise<void> {
    const [row] = await this.lane.query<HeadRow>(
      (sql) => sql`
        select feed_id, epoch, pos::text, floor_pos::text,
               (select jsonb_agg(jsonb_build_object('epoch', e.epoch, 'before', e.feed_before, 'upTo', e.last_before))
                  from sync.epoch e) as epochs
          from sync.relay`,
    );
    if (!row) throw new Error('there is no relay');
    const { feed_id: feedId, epoch, epochs } = row;
    const head = { feedId, epoch, pos: Number(row.pos), floor: Number(row.floor_pos), epochs: epochs ?? [] };
    const before = this.#head;
    const isSame = before?.feedId === head.feedId && before.epoch === head.epoch;
    const goesOn = isSame && before.pos <= head.pos;
    // The database is not the one devices were told of: all of them begin anew.
    if (isSame && !goesOn) await this.lane.query((sql) => sql`select sync.renew_feed(${feedId}::uuid)`);
    const follows = goesOn && head.pos - before.pos <= mostFollowed;
    const changed = follows ? await this.#read(before.pos, head.pos) : undefined;
    if (changed) this.ring.add(changed);
    else this.ring.restart(head.pos);
    this.#head = head;
    if (changed) this.subscribers.onChanges(changed);
    else this.subscribers.onUnknown(head.pos);
  }

  async #read(after: number, upTo: number): Promise<readonly FeedEntry[]> {
    const entries: FeedEntry[] = [];
    for (let at = after; at < upTo; at = Math.min(at + rowsAStep, upTo)) {
      const rows = await this.lane.query<EntryRow>(
        (sql) => sql`
          select pos::float8, hospital_id, entity, row_id, to_jsonb(keys || keys_gone) as keys from sync.feed
           where pos > ${at} and pos <= ${Math.min(at + rowsAStep, upTo)} order by pos`,
      );
      for (const { pos, hospital_id: hospitalId, entity, row_id: rowId, keys } of rows) {
        entries.push({ pos, hospitalId, entity, rowId, keys });
      }
    }
    return entries;
  }
}
