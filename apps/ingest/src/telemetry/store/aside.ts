import type { Hospital } from '../../hospitals/hospital.js';
import type { Submission } from '../submission.js';

const firstPauseMs = 50;
const longestPauseMs = 1_000;

/** What waits of one hospital, in the order it came. */
class HeldUp {
  readonly #submissions: Submission[] = [];
  #rows = 0;
  pauseMs = firstPauseMs;
  retryAt = 0;

  get rows(): number {
    return this.#rows;
  }

  get oldest(): Submission | undefined {
    return this.#submissions[0];
  }

  push(submission: Submission): void {
    this.#submissions.push(submission);
    this.#rows += submission.weight;
  }

  /** Those that were here before. */
  putBack(submissions: readonly Submission[]): void {
    this.#submissions.unshift(...submissions);
    for (const { weight } of submissions) this.#rows += weight;
  }

  takeAll(): Submission[] {
    this.#rows = 0;
    return this.#submissions.splice(0);
  }
}

/**
 * Hospitals whose tables somebody else holds, as a migration does: what they send waits here, and is tried one hospital at
 * a time, so that it is in nobody's flush and keeps no more than one writer.
 */
export class Aside {
  readonly #hospitals = new Map<Hospital, HeldUp>();
  #tried: Hospital | undefined;

  get rows(): number {
    let rows = 0;
    for (const heldUp of this.#hospitals.values()) rows += heldUp.rows;
    return rows;
  }

  rowsOf(hospital: Hospital): number {
    return this.#hospitals.get(hospital)?.rows ?? 0;
  }

  /** When the hospital's oldest submission was submitted, if one waits. */
  oldestOf(hospital: Hospital): number | undefined {
    return this.#hospitals.get(hospital)?.oldest?.submittedAt;
  }

  /** Whether it waits here, because its hospital does. */
  add(submission: Submission): boolean {
    const heldUp = this.#hospitals.get(submission.content.hospital);
    heldUp?.push(submission);
    return heldUp !== undefined;
  }

  /**
   * Sets aside what was found to be held up.
   * @returns the hospitals that were not here before
   */
  put(found: readonly Submission[], now: number): Hospital[] {
    const hospitals = new Set(found.map(({ content }) => content.hospital));
    const added = [...hospitals].filter((hospital) => !this.#hospitals.has(hospital));
    for (const hospital of hospitals) {
      const heldUp = this.#hospitals.get(hospital) ?? new HeldUp();
      heldUp.putBack(found.filter(({ content }) => content.hospital === hospital));
      heldUp.retryAt = now + heldUp.pauseMs;
      heldUp.pauseMs = Math.min(heldUp.pauseMs * 2, longestPauseMs);
      this.#hospitals.set(hospital, heldUp);
    }
    return added;
  }

  /** When one may be tried; undefined while one is, or when there is none. */
  get nextTry(): number | undefined {
    if (this.#tried !== undefined || this.#hospitals.size === 0) return undefined;
    return Math.min(...[...this.#hospitals.values()].map(({ retryAt }) => retryAt));
  }

  /** Takes what waits of the hospital whose turn it is to be tried; `tried` must follow. */
  take(): Submission[] {
    const [first] = [...this.#hospitals].sort(([, a], [, b]) => a.retryAt - b.retryAt);
    if (!first) return [];
    const [hospital, heldUp] = first;
    this.#tried = hospital;
    return heldUp.takeAll();
  }

  /**
   * Ends a try that found so much held up still.
   * @returns what goes the usual way now
   */
  tried(found: readonly Submission[], now: number): readonly Submission[] {
    const hospital = this.#tried;
    this.#tried = undefined;
    if (!hospital) return [];
    if (found.length > 0) {
      this.put(found, now);
      return [];
    }
    const waiting = this.#hospitals.get(hospital)?.takeAll() ?? [];
    this.#hospitals.delete(hospital);
    return waiting;
  }
}
