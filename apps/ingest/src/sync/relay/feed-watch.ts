import { setTimeout as delay } from 'node:timers/promises';
import type { Logger } from '@hms/service-kit';
import type { Lane } from '../../database/lane.js';

/** Where the feed stands. */
export interface FeedHead {
  readonly feedId: string;
  readonly epoch: number;
  readonly pos: number;
  /** The feed has nothing up to here any more. */
  readonly floor: number;
}

interface HeadRow {
  readonly feed_id: string;
  readonly epoch: number;
  readonly pos: string;
  readonly floor_pos: string;
}

const everyMs = 75;
const partitionsEveryMs = 600_000;
const rowsAStep = 20_000;
const mostWaiters = 20_000;
const spreadMs = 200;

/**
 * Relays the change log into the feed, unless another process does, and tells who waits when a hospital has news. A lost
 * wake-up costs time only: whoever asks is answered from the database.
 */
export class FeedWatch {
  #head: FeedHead | undefined;
  #stopped = false;
  #running: Promise<void> = Promise.resolve();
  #failing = false;
  #partitionsAt = 0;
  #waiters = 0;
  readonly #waiting = new Map<string, Set<() => void>>();

  constructor(
    private readonly lane: Pick<Lane, 'query'>,
    private readonly logger: Logger,
    private readonly now: () => number = () => performance.now(),
  ) {}

  /** As of the last look, some 100 ms ago; undefined before the first. */
  get head(): FeedHead | undefined {
    return this.#head;
  }

  start(): void {
    this.#running = this.#run();
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    for (const hospitalId of this.#waiting.keys()) this.#wake(hospitalId);
    await this.#running;
  }

  /** Ends when the hospital has news, or after `ms`. @returns whether it is worth looking */
  async news(hospitalId: string, ms: number): Promise<boolean> {
    if (this.#stopped || this.#waiters >= mostWaiters) return false;
    this.#waiters++;
    await new Promise<void>((resolve) => {
      const waiting = this.#waiting.get(hospitalId) ?? new Set();
      this.#waiting.set(hospitalId, waiting);
      const wake = (): void => {
        clearTimeout(timer);
        waiting.delete(wake);
        resolve();
      };
      const timer = setTimeout(wake, ms);
      waiting.add(wake);
    });
    this.#waiters--;
    // Not all of a hospital at once.
    await delay(Math.random() * spreadMs);
    return !this.#stopped;
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
      (sql) => sql`select more from sync.relay_step(${rowsAStep}::int)`,
    );
    await this.#look();
    if (moved && this.now() - this.#partitionsAt >= partitionsEveryMs) {
      this.#partitionsAt = this.now();
      await this.lane.query((sql) => sql`select sync.keep_partitions()`);
    }
    return moved?.more ?? false;
  }

  async #look(): Promise<void> {
    const [row] = await this.lane.query<HeadRow>(
      (sql) => sql`select feed_id, epoch, pos::text, floor_pos::text from sync.relay`,
    );
    if (!row) throw new Error('there is no relay');
    const before = this.#head?.pos;
    const pos = Number(row.pos);
    this.#head = { feedId: row.feed_id, epoch: row.epoch, pos, floor: Number(row.floor_pos) };
    if (before === undefined || before === pos || this.#waiting.size === 0) return;
    const changed = await this.lane.query<{ hospital_id: string }>(
      (sql) => sql`select distinct hospital_id from sync.feed where pos > ${before} and pos <= ${pos}`,
    );
    for (const { hospital_id: hospitalId } of changed) this.#wake(hospitalId);
  }

  #wake(hospitalId: string): void {
    for (const wake of [...(this.#waiting.get(hospitalId) ?? [])]) wake();
    if (this.#waiting.get(hospitalId)?.size === 0) this.#waiting.delete(hospitalId);
  }
}
