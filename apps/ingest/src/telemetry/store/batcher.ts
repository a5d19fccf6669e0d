import { commonError } from '@hms/contracts';
import type { Hospital } from '../../hospitals/hospital.js';
import type { Submission } from '../submission.js';
import { Lanes } from './lanes.js';
import { storeWithinMs } from './recovery.js';

export interface Writer {
  /** Ends, without fail, when every submission is answered or failed. */
  write(submissions: readonly Submission[]): Promise<void>;
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
 * their way. Hospitals take turns.
 */
export class Batcher {
  readonly #idle: Writer[];
  readonly #writers: number;
  readonly #lanes = new Lanes();
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
    return this.#lanes.rows;
  }

  queuedRowsOf(hospital: Hospital): number {
    return this.#lanes.rowsOf(hospital);
  }

  /** How long the hospital's oldest submission has waited for its flush to begin. */
  waitedMsOf(hospital: Hospital): number {
    return this.now() - (this.#lanes.oldestOf(hospital) ?? this.now());
  }

  submit(submission: Submission): void {
    this.#lanes.push(submission);
    this.#schedule();
  }

  get #busy(): number {
    return this.#writers - this.#idle.length;
  }

  #schedule(): void {
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
    const submissions = this.#take();
    this.#last = { submissions: submissions.length, at: this.now() };
    void writer.write(submissions).then(() => {
      this.#idle.push(writer);
      this.#schedule();
    });
    this.#schedule();
  }

  #take(): Submission[] {
    const expired = this.now() - storeWithinMs;
    return this.#lanes.take(rowsPerFlush).filter((submission) => {
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
