import type { Logger } from '@hms/service-kit';
import type { Lane } from '../database/lane.js';
import type { Hospitals } from './hospitals.js';

const pollEveryMs = 1_000;
/** Keys and assignments may be trusted this long without word from the database. */
const trustedForMs = 5_000;

/**
 * Tells within a second that the keys, devices or assignments of a hospital changed. It asks the database, not Redis:
 * whether a revoked key still works must not depend on a message that may be lost.
 */
export class EpochWatch {
  #timer: NodeJS.Timeout | undefined;
  #asking: Promise<boolean> | undefined;
  #askingNext: Promise<boolean> | undefined;
  #lastHeard = -Infinity;
  #failing = false;
  #stopped = false;

  constructor(
    private readonly lane: Lane,
    private readonly hospitals: Hospitals,
    private readonly logger: Logger,
    private readonly now: () => number = () => performance.now(),
  ) {}

  /** False when the database was not heard for so long that a revocation could have been missed. */
  get trustworthy(): boolean {
    return this.now() - this.#lastHeard < trustedForMs;
  }

  start(): void {
    this.#timer = setTimeout(() => {
      void this.ask().then(() => {
        if (!this.#stopped) this.start();
      });
    }, pollEveryMs);
  }

  stop(): void {
    this.#stopped = true;
    clearTimeout(this.#timer);
  }

  /** Whether the database answered a question asked after this call. It is asked one question at a time. */
  ask(): Promise<boolean> {
    if (!this.#asking) return (this.#asking = this.#poll().finally(() => (this.#asking = undefined)));
    return (this.#askingNext ??= this.#asking.then(() => {
      this.#askingNext = undefined;
      return this.ask();
    }));
  }

  async #poll(): Promise<boolean> {
    const asked = this.now();
    try {
      const rows = await this.lane.run<{ hospital_id: string; epoch: string }>(
        'select hospital_id, epoch::text from public.ingest_epoch',
      );
      for (const row of rows) this.hospitals.get(row.hospital_id)?.observeEpoch(Number(row.epoch));
      this.#lastHeard = asked;
      if (this.#failing) this.logger.info('database heard again');
      this.#failing = false;
      return true;
    } catch (err) {
      if (!this.#failing) this.logger.error({ err }, 'database not heard');
      this.#failing = true;
      return false;
    }
  }
}
