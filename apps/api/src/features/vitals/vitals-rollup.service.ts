import { Injectable } from '@nestjs/common';
import { HospitalDatabase, type HospitalRef } from '@hms/database';
import { minuteMs } from './rollup-plan.policy.js';
import { VitalsRollupRepository } from './vitals-rollup.repository.js';

/** A minute is summed up so long after it ended: by then nearly all its readings have come. */
const settledAfterMs = 2 * minuteMs;
const quickMs = 500;
const mostMinutes = 60;
/** Transactions in one hospital before the next has its turn; the rest is done the next time. */
const mostSteps = 200;

@Injectable()
export class VitalsRollupService {
  constructor(
    private readonly database: HospitalDatabase,
    private readonly rollups: VitalsRollupRepository,
  ) {}

  /**
   * Sums up what was recorded until two minutes before `now`, and again what has changed of what was summed up. Whatever
   * ends it, what is left is done the next time.
   */
  async catchUp(hospital: HospitalRef, now: Date): Promise<void> {
    const settled = Math.floor((now.getTime() - settledAfterMs) / minuteMs) * minuteMs;
    let minutes = 1;
    for (let step = 0; step < mostSteps; step++) {
      const began = performance.now();
      if (!(await this.#step(hospital, settled, minutes))) return;
      minutes = performance.now() - began < quickMs ? Math.min(minutes * 2, mostMinutes) : 1;
    }
  }

  /** True when there is more to do. */
  #step(hospital: HospitalRef, settled: number, minutes: number): Promise<boolean> {
    return this.database.inHospital(hospital, async (tx) => {
      if (!(await this.rollups.lock(tx))) return false;
      await this.rollups.markLate(tx);
      const from = await this.rollups.rolledUntil(tx);
      const until = Math.min(settled, from.getTime() + minutes * minuteMs);
      if (until > from.getTime()) await this.rollups.advance(tx, from, new Date(until));
      const dirty = await this.rollups.cleanSome(tx);
      return dirty || until < settled;
    });
  }
}
