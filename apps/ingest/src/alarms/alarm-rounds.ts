import type { Logger } from '@hms/service-kit';
import type { Lane } from '../database/lane.js';
import { activeHospitals } from '../hospitals/active-hospitals.js';
import type { Hospital } from '../hospitals/hospital.js';
import type { Hospitals } from '../hospitals/hospitals.js';
import { isSwept } from './alarm-sweep.js';

const roundEveryMs = 10_000;

export interface RoundParts {
  readonly lane: Pick<Lane, 'run'>;
  readonly hospitals: Hospitals;
  readonly logger: Logger;
  /** Called with each hospital that has open alarms for the sweep. */
  readonly onOpen: (hospital: Hospital) => void;
}

/** At the start and every ten seconds asks all hospitals what a process that is gone may have left undone. */
export class AlarmRounds {
  #timer: NodeJS.Timeout | undefined;
  #running: Promise<void> = Promise.resolve();
  #stopped = false;

  constructor(private readonly parts: RoundParts) {}

  start(): void {
    this.#running = this.#round().then(() => {
      if (!this.#stopped) this.#timer = setTimeout(() => this.start(), roundEveryMs);
    });
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    clearTimeout(this.#timer);
    await this.#running;
  }

  async #round(): Promise<void> {
    const { lane, hospitals, logger } = this.parts;
    try {
      for (const hospital of await activeHospitals(lane, hospitals)) {
        if (this.#stopped) return;
        await this.#visit(hospital).catch((err: unknown) => {
          logger.warn({ err, hospitalId: hospital.id }, 'alarms of a hospital not looked at');
        });
      }
    } catch (err) {
      logger.warn({ err }, 'alarms not looked at');
    }
  }

  async #visit(hospital: Hospital): Promise<void> {
    const { lane, onOpen } = this.parts;
    const [found] = await lane.run<{ open: boolean }>(
      `select exists (select from ${hospital.schema}.alarm where ${isSwept}) as open`,
    );
    if (found?.open === true) onOpen(hospital);
  }
}
