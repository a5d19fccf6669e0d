import type { Hospital } from '../../hospitals/hospital.js';
import type { Submission } from '../submission.js';

/** Rows, or what weighs as much, a hospital may store in one turn while others wait. */
const quantum = 200;

/** First in, first out. */
class Queue {
  /** Those that were taken leave a hole until the array is cut. */
  readonly #submissions: (Submission | undefined)[] = [];
  #next = 0;

  get head(): Submission | undefined {
    return this.#submissions[this.#next];
  }

  push(submission: Submission): void {
    this.#submissions.push(submission);
  }

  /** Takes the head off. */
  drop(): void {
    this.#submissions[this.#next] = undefined;
    this.#next += 1;
    if (this.#next < 1_000) return;
    this.#submissions.splice(0, this.#next);
    this.#next = 0;
  }
}

/** The submissions of one hospital, in the order they came, but for those with values beyond a limit: they come first. */
class Lane {
  rows = 0;
  /** Rows it may still store in this turn, or is owed from earlier ones; below zero what it took before its turn. */
  deficit = 0;
  readonly #critical = new Queue();
  readonly #others = new Queue();

  get head(): Submission | undefined {
    return this.#critical.head ?? this.#others.head;
  }

  get critical(): Submission | undefined {
    return this.#critical.head;
  }

  get oldest(): number | undefined {
    const { critical } = this;
    const other = this.#others.head;
    return critical && other ? Math.min(critical.submittedAt, other.submittedAt) : (critical ?? other)?.submittedAt;
  }

  push(submission: Submission): void {
    (submission.breaches.length > 0 ? this.#critical : this.#others).push(submission);
    this.rows += submission.weight;
  }

  /** Takes the head off. */
  drop({ weight }: Submission): void {
    (this.#critical.head ? this.#critical : this.#others).drop();
    this.rows -= weight;
    this.deficit -= weight;
  }
}

/** A flush in the making. */
class Taken {
  readonly submissions: Submission[] = [];
  #rows = 0;

  constructor(private readonly maxRows: number) {}

  get rows(): number {
    return this.#rows;
  }

  /** Whether it went in; the first always does. */
  add(lane: Lane, submission: Submission): boolean {
    const rows = submission.weight;
    if (this.submissions.length > 0 && this.#rows + rows > this.maxRows) return false;
    lane.drop(submission);
    this.submissions.push(submission);
    this.#rows += rows;
    return true;
  }
}

/**
 * What waits to be stored, a lane for each hospital. They take turns by deficit round robin (Shreedhar and Varghese, 1995):
 * each turn is worth the same number of rows, so however much one hospital sends, another waits for one turn of each.
 * What is beyond a limit does not wait for a turn: it is taken ahead, up to a turn's worth, and paid for with later ones.
 * So a hospital whose limits make everything critical gets no more than any other.
 */
export class Lanes {
  /** In the order of their turns. */
  readonly #lanes = new Map<Hospital, Lane>();
  /** Those of the lanes in which something critical waits. */
  readonly #critical = new Map<Hospital, Lane>();
  #rows = 0;

  get rows(): number {
    return this.#rows;
  }

  get isEmpty(): boolean {
    return this.#lanes.size === 0;
  }

  rowsOf(hospital: Hospital): number {
    return this.#lanes.get(hospital)?.rows ?? 0;
  }

  /** When the hospital's oldest submission was submitted, if one waits. */
  oldestOf(hospital: Hospital): number | undefined {
    return this.#lanes.get(hospital)?.oldest;
  }

  push(submission: Submission): void {
    const { hospital } = submission.content;
    let lane = this.#lanes.get(hospital);
    if (!lane) this.#lanes.set(hospital, (lane = new Lane()));
    lane.push(submission);
    if (lane.critical) this.#critical.set(hospital, lane);
    this.#rows += submission.weight;
  }

  /** Takes all that waits of the hospital. */
  takeAllOf(hospital: Hospital): Submission[] {
    const lane = this.#lanes.get(hospital);
    this.#lanes.delete(hospital);
    this.#critical.delete(hospital);
    const all: Submission[] = [];
    for (let head = lane?.head; lane && head; { head } = lane) {
      lane.drop(head);
      all.push(head);
    }
    for (const { weight } of all) this.#rows -= weight;
    return all;
  }

  /** Takes submissions of at most so many rows together, and at least one if any waits. */
  take(maxRows: number): Submission[] {
    const taken = new Taken(maxRows);
    if (this.#takeAhead(taken)) this.#takeTurns(taken);
    this.#rows -= taken.rows;
    return taken.submissions;
  }

  /** False when the flush is full. */
  #takeAhead(taken: Taken): boolean {
    for (const [hospital, lane] of [...this.#critical]) {
      for (let { critical } = lane; critical && lane.deficit > -quantum; { critical } = lane) {
        if (!taken.add(lane, critical)) return false;
      }
      // The others first the next time.
      this.#critical.delete(hospital);
      if (lane.critical) this.#critical.set(hospital, lane);
      if (!lane.head) this.#lanes.delete(hospital);
    }
    return true;
  }

  #takeTurns(taken: Taken): void {
    for (let turn = this.#turn(); turn; turn = this.#turn()) {
      const [hospital, lane] = turn;
      lane.deficit += quantum;
      for (let { head } = lane; head && head.weight <= lane.deficit; { head } = lane) {
        if (!taken.add(lane, head)) {
          // Its turn goes on with the next flush.
          lane.deficit -= quantum;
          return;
        }
      }
      if (!lane.critical) this.#critical.delete(hospital);
      this.#lanes.delete(hospital);
      if (lane.head) this.#lanes.set(hospital, lane);
    }
  }

  #turn(): [Hospital, Lane] | undefined {
    const [first] = this.#lanes;
    return first;
  }
}
