import type { Logger } from '@hms/service-kit';
import type { Hospital } from '../hospitals/hospital.js';

export interface RescanParts {
  readonly logger: Logger;
  /** Does a piece of what nobody evaluated of the hospital; returns how much it was. */
  readonly rescan: (hospital: Hospital) => Promise<number>;
  /** Called with each hospital of which a piece was done. */
  readonly onRescanned: (hospital: Hospital) => void;
}

/** Rescans hospitals in turn, a piece of each at a time: one that was left with much holds up no other. */
export class Rescans {
  readonly #behind = new Set<Hospital>();
  #running: Promise<void> | undefined;
  #stopped = false;

  constructor(private readonly parts: RescanParts) {}

  /** Rescans the hospital until nothing is left, or until it fails. */
  ask(hospital: Hospital): void {
    this.#behind.add(hospital);
    this.#running ??= this.#run();
  }

  /** Resolves when the piece that was begun is done. */
  async stop(): Promise<void> {
    this.#stopped = true;
    await this.#running;
  }

  async #run(): Promise<void> {
    while (this.#behind.size > 0) {
      for (const hospital of this.#behind) {
        if (this.#stopped) return;
        if (!(await this.#isLeft(hospital))) this.#behind.delete(hospital);
      }
    }
    this.#running = undefined;
  }

  async #isLeft(hospital: Hospital): Promise<boolean> {
    const { logger, rescan, onRescanned } = this.parts;
    try {
      if ((await rescan(hospital)) === 0) return false;
      onRescanned(hospital);
      return true;
    } catch (err) {
      logger.warn({ err, hospitalId: hospital.id }, 'what was left of a hospital not scored yet');
      return false;
    }
  }
}
