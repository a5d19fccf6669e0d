import type { Hospital } from '../../hospitals/hospital.js';
import type { Submission } from '../submission.js';

/** Rows a hospital may store in one turn while others wait. */
const quantum = 200;

/** The submissions of one hospital, in the order they came. */
class Lane {
  rows = 0;
  /** Rows it may still store in this turn, or is owed from earlier ones. */
  deficit = 0;
  readonly #submissions: Submission[] = [];
  #next = 0;

  get head(): Submission | undefined {
    return this.#submissions[this.#next];
  }

  push(submission: Submission): void {
    this.#submissions.push(submission);
    this.rows += submission.rows.length;
  }

  /** Takes the head off. */
  drop({ rows }: Submission): void {
    this.#next += 1;
    this.rows -= rows.length;
    this.deficit -= rows.length;
    if (this.#next < 1_000) return;
    this.#submissions.splice(0, this.#next);
    this.#next = 0;
  }
}

/**
 * What waits to be stored, a lane for each hospital. They take turns by deficit round robin (Shreedhar and Varghese, 1995):
 * each turn is worth the same number of rows, so however much one hospital sends, another waits for one turn of each.
 */
export class Lanes {
  /** In the order of their turns. */
  readonly #lanes = new Map<Hospital, Lane>();
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
    return this.#lanes.get(hospital)?.head?.submittedAt;
  }

  push(submission: Submission): void {
    const { hospital } = submission.content;
    let lane = this.#lanes.get(hospital);
    if (!lane) this.#lanes.set(hospital, (lane = new Lane()));
    lane.push(submission);
    this.#rows += submission.rows.length;
  }

  /** Takes submissions of at most so many rows together, and at least one if any waits. */
  take(maxRows: number): Submission[] {
    const taken: Submission[] = [];
    let rows = 0;
    for (let turn = this.#turn(); turn; turn = this.#turn()) {
      const [hospital, lane] = turn;
      lane.deficit += quantum;
      for (let { head } = lane; head && head.rows.length <= lane.deficit; { head } = lane) {
        if (taken.length > 0 && rows + head.rows.length > maxRows) {
          // Its turn goes on with the next flush.
          lane.deficit -= quantum;
          return taken;
        }
        lane.drop(head);
        taken.push(head);
        rows += head.rows.length;
        this.#rows -= head.rows.length;
      }
      this.#lanes.delete(hospital);
      if (lane.head) this.#lanes.set(hospital, lane);
    }
    return taken;
  }

  #turn(): [Hospital, Lane] | undefined {
    const [first] = this.#lanes;
    return first;
  }
}
