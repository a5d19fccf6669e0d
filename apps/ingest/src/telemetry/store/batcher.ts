import { commonError } from '@hms/contracts';
import type { Hospital } from '../../hospitals/hospital.js';
import type { Submission } from '../submission.js';
import { Aside } from './aside.js';
import { Lanes } from './lanes.js';
import { storeWithinMs } from './recovery.js';

export interface Writer {
  /**
   * Ends, without fail, when every submission is answered or failed, but for those it returns: somebody else holds the
   * tables of their hospital.
   */
  write(submissions: readonly Submission[]): Promise<readonly Submission[]>;
}

/** Beyond this a flush takes no further submission. The rows are at most 164 bytes each, so it stays below 1 MB. */
const rowsPerFlush = 4_000;
/** Where more is to be expected, a flush waits for this many rows, or this long. */
const worthwhileRows = 400;
const lingerMs = 4;

/**
 * Gathers submissions into flushes, paced by the database itself: one that finds all writers idle leaves with
 * whatever came in the same turn of the event loop; while commits run, the next flush grows. So it does for a moment
 * after a flush of several: a transaction costs as much as twenty rows, and where they come that fast the next are on
 * their way. Hospitals take turns; one that is held up is tried by itself, and keeps one writer at most.
 */
export class Batcher {
  readonly #idle: Writer[];
  readonly #writers: number;
  readonly #lanes = new Lanes();
  readonly #aside = new Aside();
  #nextTry: NodeJS.Timeout | undefined;
  /** How many submissions the last flush took, and when. */
  #last = { submissions: 0, at: -Infinity };
  #scheduled: { readonly cancel: () => void; readonly soon: boolean } | undefined;

  constructor(
    writers: readonly Writer[],
    private readonly now: () => number = () => performance.now(),
  ) {
    this.#idle = [...writers];
    this.#writers = writers.length;
  }

  get queuedRows(): number {
    return this.#lanes.rows + this.#aside.rows;
  }

  queuedRowsOf(hospital: Hospital): number {
    return this.#lanes.rowsOf(hospital) + this.#aside.rowsOf(hospital);
  }

  /** How long the hospital's oldest submission has waited for its flush to begin. */
  waitedMsOf(hospital: Hospital): number {
    const now = this.now();
    return now - (this.#aside.oldestOf(hospital) ?? this.#lanes.oldestOf(hospital) ?? now);
  }

  submit(submission: Submission): void {
    if (!this.#aside.add(submission)) this.#lanes.push(submission);
    this.#schedule();
  }

  get #busy(): number {
    return this.#writers - this.#idle.length;
  }

  #schedule(): void {
    this.#scheduleTry();
    if (this.#lanes.isEmpty || this.#idle.length === 0) return;
    const waitMs = this.#waitMs;
    if (this.#scheduled?.soon === true || (this.#scheduled && waitMs > 0)) return;
    this.#scheduled?.cancel();
    this.#scheduled = waitMs > 0 ? after(waitMs, () => this.#flush()) : nextTurn(() => this.#flush());
  }

  get #waitMs(): number {
    if (this.#lanes.rows >= worthwhileRows) return 0;
    if (this.#busy > 0) return lingerMs;
    return this.#last.submissions > 1 ? this.#last.at + lingerMs - this.now() : 0;
  }

  #flush(): void {
    this.#scheduled = undefined;
    const writer = this.#idle.pop();
    if (!writer) return;
    const submissions = this.#inTime(this.#lanes.take(rowsPerFlush));
    this.#last = { submissions: submissions.length, at: this.now() };
    void writer.write(submissions).then((heldUp) => {
      for (const hospital of this.#aside.put(heldUp, this.now())) {
        for (const submission of this.#lanes.takeAllOf(hospital)) this.#aside.add(submission);
      }
      this.#idle.push(writer);
      this.#schedule();
    });
    this.#schedule();
  }

  #scheduleTry(): void {
    const at = this.#aside.nextTry;
    if (at === undefined || this.#nextTry || this.#idle.length === 0) return;
    this.#nextTry = setTimeout(() => this.#try(), Math.max(0, at - this.now()));
  }

  #try(): void {
    this.#nextTry = undefined;
    const writer = this.#idle.pop();
    if (!writer) return;
    void writer.write(this.#inTime(this.#aside.take())).then((heldUp) => {
      for (const submission of this.#aside.tried(heldUp, this.now())) this.#lanes.push(submission);
      this.#idle.push(writer);
      this.#schedule();
    });
  }

  #inTime(submissions: readonly Submission[]): Submission[] {
    const expired = this.now() - storeWithinMs;
    return submissions.filter((submission) => {
      const inTime = submission.submittedAt >= expired;
      if (!inTime) submission.fail(commonError('service.unavailable'));
      return inTime;
    });
  }
}

function nextTurn(work: () => void): { cancel: () => void; soon: true } {
  const immediate = setImmediate(work);
  return { cancel: () => clearImmediate(immediate), soon: true };
}

function after(ms: number, work: () => void): { cancel: () => void; soon: false } {
  const timer = setTimeout(work, ms);
  return { cancel: () => clearTimeout(timer), soon: false };
}
