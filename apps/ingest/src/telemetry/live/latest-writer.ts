import type { Logger } from '@hms/service-kit';
import type { Lane } from '../../database/lane.js';
import { WriteBehind } from '../../database/write-behind.js';
import type { Hospital } from '../../hospitals/hospital.js';
import type { CommittedValues } from './committed-values.js';
import { keepNewest } from './keep-newest.js';
import { NewestValues } from './newest-values.js';

const writeEveryMs = 1_000;

/**
 * Keeps `vitals_newest` at most a second or so behind `vitals`: values are folded in memory and written together, for
 * one row per reading would cost more than storing the reading. What could not be written is tried again a second
 * later, and takes no more memory for it: one value per patient and vital sign. What a crash loses, `repairLatest` finds.
 */
export class LatestWriter {
  readonly #behind: WriteBehind<NewestValues>;

  constructor(lane: Pick<Lane, 'run'>, logger: Logger) {
    this.#behind = new WriteBehind({
      what: 'latest vitals',
      everyMs: writeEveryMs,
      logger,
      empty: () => new NewestValues(),
      write: ({ schema }, newest) => lane.run(keepNewest(schema, newest)),
      merge: (since, before) => since.merge(before),
    });
  }

  add(hospital: Hospital, { fresh, late }: CommittedValues): void {
    const pending = this.#behind.of(hospital);
    pending.merge(fresh);
    pending.merge(late);
  }

  /** Writes what is pending now. */
  flush(): Promise<void> {
    return this.#behind.flush();
  }

  stop(): Promise<void> {
    return this.#behind.stop();
  }
}
