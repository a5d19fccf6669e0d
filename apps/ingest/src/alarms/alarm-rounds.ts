import type { Logger } from '@hms/service-kit';
import type { Lane } from '../database/lane.js';
import { activeHospitals } from '../hospitals/active-hospitals.js';
import type { Hospital } from '../hospitals/hospital.js';
import type { Hospitals } from '../hospitals/hospitals.js';
import { isSwept } from './alarm-sweep.js';

const roundEveryMs = 10_000;
/** After the first round, which finds what was left undone before: by now also what was left a moment before. */
const secondRoundAfterMs = 5_500;

export interface RoundParts {
  readonly lane: Pick<Lane, 'run'>;
  readonly hospitals: Hospitals;
  readonly logger: Logger;
  /** Called when alarms followed their patients to other wards. */
  readonly onMoved: () => void;
  /** Called with each hospital that has open alarms for the sweep. */
  readonly onOpen: (hospital: Hospital) => void;
  /** Called with each hospital some of whose patients are to be scored again. */
  readonly onDue: (hospital: Hospital) => void;
  /** Called with each hospital that has flushes nobody evaluated. */
  readonly onBehind: (hospital: Hospital) => void;
}

interface Found {
  readonly moved: number;
  readonly open: boolean;
  readonly due: boolean;
  readonly behind: boolean;
}

/** At the start and every ten seconds asks all hospitals what a process that is gone may have left undone. */
export class AlarmRounds {
  #timer: NodeJS.Timeout | undefined;
  #running: Promise<void> = Promise.resolve();
  #stopped = false;

  constructor(private readonly parts: RoundParts) {}

  start(nextAfterMs = secondRoundAfterMs): void {
    this.#running = this.#round().then(() => {
      if (!this.#stopped) this.#timer = setTimeout(() => this.start(roundEveryMs), nextAfterMs);
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
    const { lane, onMoved, onOpen, onDue, onBehind } = this.parts;
    const [found] = await lane.run<Found>(
      `select ${hospital.schema}.follow_patients() as moved,
              exists (select from ${hospital.schema}.alarm where ${isSwept}) as open,
              exists (select from ${hospital.schema}.score_due) as due,
              exists (select from ${hospital.schema}.telemetry_flush
                       where not evaluated and committed_at < now() - interval '5 seconds') as behind`,
    );
    if (found && found.moved > 0) onMoved();
    if (found?.open === true) onOpen(hospital);
    if (found?.due === true) onDue(hospital);
    if (found?.behind === true) onBehind(hospital);
  }
}
