import { setTimeout as pause } from 'node:timers/promises';
import { commonError } from '@hms/contracts';
import { type Failure, failureOf } from '../../database/failure.js';
import type { ResolvedReading } from '../reading.js';
import type { FlushMark } from './copy-encoder.js';
import type { HospitalGroup } from './hospital-group.js';
import { answerReplays } from './ledger.js';
import { findPoison, mergeGroup } from './merge.js';
import { selectFlush } from './statements.js';
import type { StoreParts } from './store-parts.js';

/** What could not be stored this long after it came is given back: its sender will come again. */
export const storeWithinMs = 10_000;
const longestPauseMs = 1_000;

/**
 * Stores the rows of one hospital after their flush failed. It keeps the number of that flush, so that it can find
 * out whether the flush was committed after all, and so that both can never be.
 */
export class Recovery {
  #duplicates: ReadonlySet<ResolvedReading> = new Set();
  #pauseMs = 0;

  constructor(
    private readonly parts: StoreParts,
    private readonly mark: FlushMark,
    private group: HospitalGroup,
    private failure: Failure,
  ) {}

  async run(): Promise<void> {
    const { breaker, lane, logger, metrics } = this.parts;
    const since = Math.min(...this.group.submissions.map(({ submittedAt }) => submittedAt));
    while (this.group.submissions.length > 0) {
      if (this.failure === 'fatal') {
        this.#giveBack(commonError('internal.error'));
        return;
      }
      if (performance.now() - since > storeWithinMs) {
        this.#giveBack(commonError('service.unavailable'));
        return;
      }
      try {
        await this.#attempt();
        breaker.succeeded();
      } catch (err) {
        this.failure = failureOf(err);
        metrics.flushFailed(this.failure);
        logger.warn({ err, failure: this.failure, hospitalId: this.group.hospital.id }, 'flush failed again');
        if (this.failure === 'lost' || this.failure === 'transient') breaker.failed();
        await lane.rollback();
        await pause(this.#pauseMs);
        this.#pauseMs = Math.min(this.#pauseMs * 2 + 25, longestPauseMs);
      }
    }
  }

  async #attempt(): Promise<void> {
    const { lane } = this.parts;
    if (this.failure === 'lost' && (await this.#isCommitted())) {
      this.#settle();
      return;
    }
    if (this.failure === 'stale') this.#use(await this.parts.reloadDevices(this.group.hospital));
    if (this.failure === 'data') await this.#refusePoison();
    this.group = await answerReplays(lane, this.group);
    if (this.group.rows.length === 0) {
      this.#settle();
      return;
    }
    await mergeGroup(lane, this.group, this.mark, (duplicates) => (this.#duplicates = duplicates));
    this.#settle();
  }

  async #isCommitted(): Promise<boolean> {
    const found = await this.parts.lane.run(selectFlush(this.group, this.mark));
    return found.length > 0;
  }

  #use(devices: HospitalGroup['devices']): void {
    this.group = this.group.with(this.group.submissions, devices);
  }

  async #refusePoison(): Promise<void> {
    const { logger, lane } = this.parts;
    const poison = await findPoison(lane, this.group, this.mark);
    logger.error({ rows: poison.size, hospitalId: this.group.hospital.id }, 'rows refused by the database');
    for (const submission of this.group.submissions) submission.refuse(poison);
    this.group = this.group.with(this.group.submissions);
  }

  #settle(): void {
    const { group } = this;
    for (const submission of group.submissions) submission.answerStored(this.#duplicates);
    this.group = group.with([]);
    if (group.rows.length > 0) this.parts.onCommitted(group);
  }

  #giveBack(reason: Error): void {
    for (const submission of this.group.submissions) submission.fail(reason);
  }
}
