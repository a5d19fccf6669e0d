import type { Logger } from '@hms/service-kit';
import type { Lane } from '../database/lane.js';
import type { Hospital } from '../hospitals/hospital.js';

const sweepEveryMs = 1_000;

export interface SweepParts {
  readonly lane: Pick<Lane, 'run'>;
  readonly logger: Logger;
  readonly onRaised: (alarms: number) => void;
}

interface Swept {
  readonly raised: number;
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
    const { lane, logger, onRaised } = this.parts;
    for (const hospital of [...this.#watched]) {
      if (this.#stopped) return;
      // Before the question: what is noted meanwhile is watched on.
      this.#watched.delete(hospital);
      try {
        const [swept] = await lane.run<Swept>(sweep(hospital.schema));
        if (swept?.open === true) this.#watched.add(hospital);
        if (swept && swept.raised > 0) onRaised(swept.raised);
      } catch (err) {
        this.#watched.add(hospital);
        logger.warn({ err, hospitalId: hospital.id }, 'open alarms not looked at');
        // The others come first the next time.
        return;
      }
    }
  }
}

/** Alarms of other kinds end otherwise. */
export const isSwept = `state <> 'resolved' and rule ~ '-(low|high|doubtful)$'`;

const sweep = (schema: string): string =>
  `select ${schema}.sweep_alarms() as raised,
          exists (select from ${schema}.alarm where ${isSwept}) as open`;
