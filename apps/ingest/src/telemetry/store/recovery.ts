import { commonError } from '@hms/contracts';
import { type Failure, failureOf, isHeldUp } from '../../database/failure.js';
import type { ResolvedReading } from '../reading.js';
import { reportRaised } from './alarming.js';
import type { FlushMark } from './copy-encoder.js';
import { DeadLettersFull } from './dead-letter-box.js';
import { type DeadLetter, deadLettersOf, type LetterRoom, selectLetterRoom } from './dead-letters.js';
import type { HospitalGroup } from './hospital-group.js';
import { answerReplays } from './ledger.js';
import { findPoison, mergeGroup } from './merge.js';
import { selectFlush } from './statements.js';
import type { StoreParts } from './store-parts.js';
import type { Submission } from '../submission.js';

/** What could not be stored this long after it came is given back: its sender will come again. */
export const storeWithinMs = 10_000;

/**
 * Stores the rows of one hospital after their flush failed, attempt by attempt. It keeps the number of that flush, so
 * that it can find out whether the flush was committed after all, and so that both can never be.
 */
export class Recovery {
  #duplicates: ReadonlySet<ResolvedReading> = new Set();
  readonly #deadLetters: DeadLetter[] = [];
  readonly #since: number;
  #wasLost = false;
  #isHeldUp = false;

  constructor(
    private readonly parts: StoreParts,
    private readonly mark: FlushMark,
    private group: HospitalGroup,
    private failure: Failure,
  ) {
    this.#since = Math.min(...group.submissions.map(({ submittedAt }) => submittedAt));
  }

  /** What is neither answered nor given back yet. */
  get open(): readonly Submission[] {
    return this.group.submissions;
  }

  /** Nothing is stored, and will not be while somebody else holds the hospital's tables: to be tried later. */
  get isHeldUp(): boolean {
    return this.#isHeldUp;
  }

  async attempt(): Promise<void> {
    const { breaker, lane } = this.parts;
    this.#isHeldUp = false;
    try {
      await this.#cure();
      breaker.succeeded();
    } catch (err) {
      await lane.rollback();
      this.#fail(err);
    }
  }

  async #cure(): Promise<void> {
    const { lane, reloadDevices } = this.parts;
    this.#wasLost ||= this.failure === 'lost';
    // Whatever failed since: what was lost may have been committed late.
    if (this.#wasLost && (await this.#isCommitted())) {
      this.#settle();
      return;
    }
    if (this.failure === 'stale') this.#use(await reloadDevices(this.group.hospital));
    this.group = await answerReplays(lane, this.group);
    if (this.failure === 'data') await this.#refusePoison();
    const deadLetters = this.#deadLetters;
    if (this.group.rows.length + deadLetters.length > 0) {
      const merge = { group: this.group, mark: this.mark, deadLetters };
      const alarms = await mergeGroup(lane, merge, (duplicates) => (this.#duplicates = duplicates));
      reportRaised(this.parts, [merge.group], alarms);
    }
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
    const states = [...new Set(poison.values())];
    logger.error({ rows: poison.size, states, hospitalId: this.group.hospital.id }, 'the database refuses rows');
    const [room] = await lane.run<LetterRoom>(selectLetterRoom(this.group.hospital));
    this.group = this.group.with(
      this.group.submissions.filter((submission) => this.#refuse(submission, poison, room?.hasRoom === true)),
    );
  }

  /** False when it has to be given back: its sender is not told of what it cannot keep. */
  #refuse(submission: Submission, poison: ReadonlyMap<ResolvedReading, string>, hasRoom: boolean): boolean {
    const { metrics } = this.parts;
    const letters = deadLettersOf(submission, poison);
    if (letters.length > 0) metrics.deadLetters(hasRoom ? 'kept' : 'full', letters.length);
    if (hasRoom) this.#deadLetters.push(...letters);
    else if (letters.length > 0 && submission.content.unheard === true) {
      submission.fail(new DeadLettersFull());
      return false;
    }
    submission.refuse(new Set(poison.keys()));
    return true;
  }

  #settle(): void {
    const { group } = this;
    for (const submission of group.submissions) submission.answerStored(this.#duplicates);
    this.group = group.with([]);
    if (group.rows.length > 0) this.parts.onCommitted(group, this.mark);
  }

  #fail(err: unknown): void {
    const { breaker, logger, metrics } = this.parts;
    const failure = failureOf(err);
    this.failure = failure;
    metrics.flushFailed(failure);
    logger.warn({ err, failure, hospitalId: this.group.hospital.id }, 'flush failed again');
    this.#isHeldUp = isHeldUp(err);
    if (failure === 'lost' || (failure === 'transient' && !this.#isHeldUp)) breaker.failed();
    if (failure === 'fatal') this.#giveBack(commonError('internal.error', { cause: err }));
    else if (performance.now() - this.#since > storeWithinMs)
      this.#giveBack(commonError('service.unavailable', { cause: err }));
  }

  #giveBack(reason: Error): void {
    for (const submission of this.group.submissions) submission.fail(reason);
    this.group = this.group.with([]);
  }
}
