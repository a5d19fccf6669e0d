import {
  vitalFromNumber,
  vitalsChannel,
  vitalSigns,
  type VitalsUpdate,
  type VitalValue,
  type WardVitals,
} from '@hms/contracts';
import type { Hospital } from '../../hospitals/hospital.js';
import { NewestValues, type PatientValues } from './newest-values.js';

export interface Publisher {
  publish(channel: string, message: string): Promise<unknown>;
}

/** Monitors show a value for a second; of one that comes more often than twice in it, the newest will do. */
const tellAgainAfterMs = 500;

/** One stretch of {@link tellAgainAfterMs} of a hospital. */
interface Window {
  /** Patients who were told of in it. */
  readonly told: Set<string>;
  /** What came of them since. */
  readonly held: NewestValues;
  /** All up to here was told. */
  toldUntil: number;
  /** All up to here was told or is held. */
  knownUntil: number;
  readonly end: NodeJS.Timeout;
}

/**
 * Tells who watches a ward what was just committed: one message per ward and flush, with the newest values of each
 * patient. A patient who was silent is told of at once, one who was told of a moment ago at the end of the window.
 * Delivery is not promised; who missed a message reads the table from the position on.
 */
export class WardPublisher {
  readonly #windows = new Map<Hospital, Window>();

  constructor(
    private readonly redis: Publisher,
    private readonly onLost: (err: unknown) => void,
  ) {}

  /** @param position all up to there is committed */
  publish(hospital: Hospital, fresh: NewestValues, position: number): void {
    if (fresh.isEmpty) return;
    const window = this.#windows.get(hospital) ?? this.#open(hospital);
    const now: PatientValues[] = [];
    for (const [id, patient] of fresh.byPatient) {
      if (window.told.has(id)) {
        window.held.mergePatient(patient);
      } else {
        window.told.add(id);
        now.push(patient);
      }
    }
    window.knownUntil = Math.max(window.knownUntil, position);
    if (window.held.isEmpty) window.toldUntil = window.knownUntil;
    this.#tell(hospital, now, window.toldUntil);
  }

  /** Tells what is held now. */
  stop(): void {
    for (const [hospital, { held, knownUntil, end }] of this.#windows) {
      clearTimeout(end);
      this.#tell(hospital, held.byPatient.values(), knownUntil);
    }
    this.#windows.clear();
  }

  #open(hospital: Hospital): Window {
    const end = setTimeout(() => {
      this.#windows.delete(hospital);
      this.publish(hospital, window.held, window.knownUntil);
    }, tellAgainAfterMs);
    const window = { told: new Set<string>(), held: new NewestValues(), toldUntil: 0, knownUntil: 0, end };
    this.#windows.set(hospital, window);
    return window;
  }

  #tell(hospital: Hospital, patients: Iterable<PatientValues>, position: number): void {
    const channel = vitalsChannel(hospital.id);
    for (const [wardId, updates] of byWard(patients, String(position))) {
      const message: WardVitals = { wardId, updates };
      this.redis.publish(channel, JSON.stringify(message)).catch(this.onLost);
    }
  }
}

function byWard(patients: Iterable<PatientValues>, position: string): Map<string, VitalsUpdate[]> {
  const wards = new Map<string, VitalsUpdate[]>();
  for (const patient of patients) {
    const { wardId } = patient.assignment;
    const updates = wards.get(wardId);
    if (updates) updates.push(toUpdate(patient, position));
    else wards.set(wardId, [toUpdate(patient, position)]);
  }
  return wards;
}

function toUpdate({ assignment, recordedAt, values }: PatientValues, position: string): VitalsUpdate {
  const named: Record<string, VitalValue> = {};
  for (let i = 0; i < vitalSigns.length; i++) {
    const value = values[i] ?? NaN;
    const sign = vitalSigns[i];
    if (sign && !Number.isNaN(value)) named[sign.code] = vitalFromNumber(sign.code, value);
  }
  return {
    patientId: assignment.patientId,
    recordedAt: new Date(recordedAt / 1_000).toISOString(),
    values: named,
    position,
  };
}
