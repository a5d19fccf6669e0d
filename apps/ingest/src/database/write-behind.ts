import type { Logger } from '@hms/service-kit';
import type { Hospital } from '../hospitals/hospital.js';

/** What waits to be written of one hospital. */
export interface Pending {
  readonly isEmpty: boolean;
}

export interface WriteBehindParts<P extends Pending> {
  readonly what: string;
  readonly everyMs: number;
  readonly logger: Logger;
  readonly empty: () => P;
  readonly write: (hospital: Hospital, pending: P) => Promise<unknown>;
  /** Adds to what came since what could not be written before it. */
  readonly merge: (since: P, before: P) => void;
}

/**
 * Folds what happens often in memory and writes it together, hospital by hospital. What could not be written is tried
 * again after the same pause; a crash loses what waits. Where there is so much that it takes longer than that, as with
 * hundreds of hospitals, it pauses for as long as it took: half of the time is left to what is waited for.
 */
export class WriteBehind<P extends Pending> {
  #pending = new Map<Hospital, P>();
  #timer: NodeJS.Timeout | undefined;
  #writing: Promise<void> = Promise.resolve();
  #stopped = false;

  constructor(private readonly parts: WriteBehindParts<P>) {}

  /** What waits of the hospital, to be added to. */
  of(hospital: Hospital): P {
    this.#timer ??= this.#later();
    return this.#pendingOf(hospital);
  }

  /** Writes what is pending now. */
  flush(): Promise<void> {
    const pending = this.#pending;
    this.#pending = new Map();
    return (this.#writing = this.#writing.then(() => this.#writeAll(pending)));
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    clearTimeout(this.#timer);
    await this.flush();
  }

  #pendingOf(hospital: Hospital): P {
    let pending = this.#pending.get(hospital);
    if (!pending) this.#pending.set(hospital, (pending = this.parts.empty()));
    return pending;
  }

  #later(pauseMs = this.parts.everyMs): NodeJS.Timeout {
    return setTimeout(() => {
      const began = performance.now();
      void this.flush().then(() => {
        const tookMs = performance.now() - began;
        const goesOn = this.#pending.size > 0 && !this.#stopped;
        this.#timer = goesOn ? this.#later(Math.max(this.parts.everyMs, tookMs)) : undefined;
      });
    }, pauseMs);
  }

  async #writeAll(pending: ReadonlyMap<Hospital, P>): Promise<void> {
    const { what, write, merge, logger } = this.parts;
    for (const [hospital, own] of pending) {
      try {
        if (!own.isEmpty) await write(hospital, own);
      } catch (err) {
        logger.warn({ err, hospitalId: hospital.id }, `${what} not written yet`);
        merge(this.#pendingOf(hospital), own);
      }
    }
  }
}
