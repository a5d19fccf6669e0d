import type { Logger } from '@hms/service-kit';
import { failureOf } from '../../database/failure.js';
import type { Lane } from '../../database/lane.js';
import { type Pending, WriteBehind } from '../../database/write-behind.js';
import { CommonEpoch } from '../../hospitals/common-epoch.js';
import type { Hospital } from '../../hospitals/hospital.js';
import { assertEpochs, type Resolved } from '../store/statements.js';
import type { CommittedValues } from './committed-values.js';
import { keepNewest } from './keep-newest.js';
import { NewestValues } from './newest-values.js';
import { refreshLatest } from './refresh-latest.js';

const writeEveryMs = 1_000;

/** Values that wait, and what their patients were found with. */
class Waiting implements Pending {
  readonly newest = new NewestValues();
  readonly epoch = new CommonEpoch();

  get isEmpty(): boolean {
    return this.newest.isEmpty;
  }

  add({ fresh, late }: CommittedValues, epoch: number): void {
    this.epoch.add(epoch);
    this.newest.merge(fresh);
    this.newest.merge(late);
  }

  merge({ newest, epoch }: Waiting): void {
    this.epoch.merge(epoch);
    this.newest.merge(newest);
  }
}

/**
 * Keeps `vitals_newest` at most a second or so behind `vitals`: values are folded in memory and written together, for
 * one row per reading would cost more than storing the reading. What could not be written is tried again a second
 * later, and takes no more memory for it: one value per patient and vital sign. Values whose device was found meanwhile
 * to have been worn by somebody else are not written: the patients' newest are read from what is stored. What a crash
 * loses, `repairLatest` finds.
 */
export class LatestWriter {
  readonly #behind: WriteBehind<Waiting>;

  constructor(
    /** Of its own: what it reads anew may take long. */
    private readonly lane: Pick<Lane, 'run'>,
    logger: Logger,
  ) {
    this.#behind = new WriteBehind({
      what: 'latest vitals',
      everyMs: writeEveryMs,
      logger,
      empty: () => new Waiting(),
      write: (hospital, waiting) => this.#write(hospital, waiting),
      merge: (since, before) => since.merge(before),
    });
  }

  add({ hospital, devices }: Resolved, values: CommittedValues): void {
    this.#behind.of(hospital).add(values, devices.epoch);
  }

  /** Writes what is pending now. */
  flush(): Promise<void> {
    return this.#behind.flush();
  }

  stop(): Promise<void> {
    return this.#behind.stop();
  }

  async #write(hospital: Hospital, { newest, epoch: { value: epoch } }: Waiting): Promise<void> {
    if (epoch !== undefined && (await this.#keep(hospital, newest, epoch))) return;
    // One by one: it may be much that is read, and whoever moves readings waits for it.
    for (const values of newest.byPatient.values()) await this.lane.run(refreshLatest(hospital, values));
  }

  /** Whether they are written. */
  async #keep(hospital: Hospital, newest: NewestValues, epoch: number): Promise<boolean> {
    try {
      const held = assertEpochs([{ hospital, devices: { epoch } }]);
      await this.lane.run(`${keepNewest(hospital.schema, newest)}; ${held}`);
      return true;
    } catch (err) {
      if (failureOf(err) !== 'stale') throw err;
      return false;
    }
  }
}
