import { Injectable } from '@nestjs/common';
import { HospitalDatabase, type HospitalRef, ranOutOfTime } from '@hms/database';
import { minuteMs } from './rollup-plan.policy.js';
import { firstPortion, halfOf, nextPortion, type Portion } from './rollup-portion.policy.js';
import { VitalsRollupRepository } from './vitals-rollup.repository.js';

/** A minute is summed up so long after it ended: by then nearly all its readings have come. */
const settledAfterMs = 2 * minuteMs;
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
    let portion = firstPortion;
    for (let step = 0; step < mostSteps; step++) {
      const began = performance.now();
      try {
        if (!(await this.#step(hospital, settled, portion))) return;
        portion = nextPortion(portion, performance.now() - began);
      } catch (err) {
        const half = ranOutOfTime(err) ? halfOf(portion) : undefined;
        if (!half) throw err;
        portion = half;
      }
    }
  }

  /** True when there is more to do. */
  #step(hospital: HospitalRef, settled: number, portion: Portion): Promise<boolean> {
    return this.database.inHospital(hospital, async (tx) => {
      if (!(await this.rollups.lock(tx))) return false;
      await this.rollups.markLate(tx);
      const from = await this.rollups.rolledUntil(tx);
      const until = Math.min(settled, from.getTime() + portion.minutes * minuteMs);
      if (until > from.getTime()) await this.rollups.advance(tx, from, new Date(until));
      const dirty = await this.rollups.cleanSome(tx, portion);
      return dirty || until < settled;
    });
  }
}
