import type { Logger } from '@hms/service-kit';
import type { Lane } from '../database/lane.js';
import type { Hospital } from '../hospitals/hospital.js';

const sweepEveryMs = 1_000;
/** Looked at by one transaction: what it ends is locked until then. */
const alarmsAtOnce = 500;

export interface SweepParts {
  readonly lane: Pick<Lane, 'run'>;
  readonly logger: Logger;
  readonly onRaised: (alarms: number) => void;
}

interface Swept {
  readonly raised: number;
  /** Null when there are no more. */
  readonly last: string | null;
  readonly open: boolean;
}

/**
 * Once a second lets the database decide what became of open alarms of limits: by the readings it holds, so it does not
 * matter which process stored them, or whether that one still lives. Two who do it at once share the alarms.
 */
export class AlarmSweep {
  readonly #watched = new Set<Hospital>();
  #timer: NodeJS.Timeout | undefined;
  #sweeping: Promise<void> = Promise.resolve();
  #stopped = false;

  constructor(private readonly parts: SweepParts) {}

  /** From now on until it has no open alarm any more. */
  watch(hospital: Hospital): void {
    this.#watched.add(hospital);
    if (!this.#stopped) this.#timer ??= this.#later();
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    clearTimeout(this.#timer);
    await this.#sweeping;
  }

  #later(): NodeJS.Timeout {
    return setTimeout(() => {
      this.#sweeping = this.#sweepAll().then(() => {
        this.#timer = this.#watched.size > 0 && !this.#stopped ? this.#later() : undefined;
      });
    }, sweepEveryMs);
  }

  async #sweepAll(): Promise<void> {
    for (const hospital of [...this.#watched]) {
      if (this.#stopped) return;
      // Before the question: what is noted meanwhile is watched on.
      this.#watched.delete(hospital);
      try {
        if (await this.#sweep(hospital)) this.#watched.add(hospital);
      } catch (err) {
        this.#watched.add(hospital);
        this.parts.logger.warn({ err, hospitalId: hospital.id }, 'open alarms not looked at');
        // The others come first the next time.
        return;
      }
    }
  }

  /** Whether alarms stay open. */
  async #sweep({ schema }: Hospital): Promise<boolean> {
    const { lane, onRaised } = this.parts;
    let past: string | null = null;
    for (;;) {
      const [swept]: readonly Swept[] = await lane.run<Swept>(sweep(schema, past));
      if (!swept) return false;
      if (swept.raised > 0) onRaised(swept.raised);
      if (swept.last === null) return swept.open;
      past = swept.last;
    }
  }
}

/** Alarms of other kinds end otherwise. */
export const isSwept = `state <> 'resolved' and rule ~ '-(low|high|doubtful)$'`;

const sweep = (schema: string, past: string | null): string =>
  `select raised, last, exists (select from ${schema}.alarm where ${isSwept}) as open
     from ${schema}.sweep_alarms(${past === null ? 'null' : `'${past}'`}, ${alarmsAtOnce})`;
