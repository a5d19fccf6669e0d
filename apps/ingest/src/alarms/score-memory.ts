import { LRUCache } from 'lru-cache';
import type { Hospital } from '../hospitals/hospital.js';
import type { PatientValues } from '../telemetry/live/newest-values.js';
import { observeReadings } from './score-observations.js';
import type { Seen } from './score-round.js';

const remembered = 150_000;
/** A date of birth that is corrected counts after this at the latest; what clinicians decide moves the epoch. */
const trustedForMs = { atLeast: 10 * 60_000, spread: 5 * 60_000 };
/** An evaluation somewhere else may have read what was stored here this long ago, or not. */
const overlapMs = 15_000;

interface Remembered extends Omit<Seen, 'at'> {
  readonly hospital: Hospital;
  readonly epoch: number;
  readonly trustedUntil: number;
  at: number;
  /** When the last readings of the patient came. */
  fedAt: number;
}

/** What patients were scored by last: most readings change nothing of it, and nobody is scored because of them. */
export class ScoreMemory {
  readonly #patients = new LRUCache<string, Remembered>({ max: remembered });

  constructor(private readonly now: () => number = () => performance.now()) {}

  /** Whether the patient is to be scored because of them. Called again after a failure only once it is forgotten. */
  isDue(hospital: Hospital, readings: PatientValues): boolean {
    const known = this.#patients.get(readings.assignment.patientId);
    if (known?.hospital !== hospital || known.epoch !== hospital.epoch || known.trustedUntil < this.now()) return true;
    known.fedAt = this.now();
    observeReadings(known.observations, readings);
    known.at = Math.max(known.at, readings.recordedAt);
    if (!known.bandsOf) return false;
    return known.at >= known.lookAgainAt || known.bandsOf.refresh(known.bands, known.observations, known.at / 1_000);
  }

  /** @param epoch of the hospital before the patient was read */
  keep(hospital: Hospital, epoch: number, seen: Seen): void {
    const now = this.now();
    // Spread, lest all be read at once again.
    const trustedUntil = now + trustedForMs.atLeast + Math.random() * trustedForMs.spread;
    this.#patients.set(seen.patient, { ...seen, hospital, epoch, trustedUntil, fedAt: now });
  }

  forget(ids: Iterable<string>): void {
    for (const id of ids) this.#patients.delete(id);
  }

  /**
   * Another process saw that of the patient. Where it is something else than was seen here, that is forgotten.
   * @returns whether readings came here meanwhile, which it may not have seen
   */
  isContradicted(patient: string, mark: string): boolean {
    const known = this.#patients.get(patient);
    if (!known || known.mark === mark) return false;
    this.#patients.delete(patient);
    return this.now() - known.fedAt < overlapMs;
  }
}
