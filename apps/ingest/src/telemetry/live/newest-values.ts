import type { Assignment } from '../../devices/device-map.js';
import { absent, fields, noValues } from '../fields.js';
import type { ResolvedReading } from '../reading.js';

/** The newest value of each vital sign of one patient, and when it was taken. */
export interface PatientValues {
  readonly assignment: Assignment;
  recordedAt: number;
  readonly values: number[];
  readonly times: number[];
}

/** Folds readings into the newest values per patient; order does not matter. */
export class NewestValues {
  readonly byPatient = new Map<string, PatientValues>();

  get isEmpty(): boolean {
    return this.byPatient.size === 0;
  }

  add(rows: readonly ResolvedReading[]): void {
    for (const { assignment, reading } of rows) {
      if (assignment) fold(this.#of(assignment), reading.values, reading.recordedAt);
    }
  }

  /** Takes over what is newer in `other`. */
  merge(other: NewestValues): void {
    for (const { assignment, recordedAt, values, times } of other.byPatient.values()) {
      const patient = this.#of(assignment);
      patient.recordedAt = Math.max(patient.recordedAt, recordedAt);
      for (const [i, time] of times.entries()) {
        if (Number.isNaN(time) || (patient.times[i] ?? absent) >= time) continue;
        patient.values[i] = values[i] ?? absent;
        patient.times[i] = time;
      }
    }
  }

  #of(assignment: Assignment): PatientValues {
    let patient = this.byPatient.get(assignment.patientId);
    if (!patient) {
      patient = { assignment, recordedAt: -Infinity, values: noValues(), times: noValues() };
      this.byPatient.set(assignment.patientId, patient);
    }
    return patient;
  }
}

function fold(patient: PatientValues, values: readonly number[], recordedAt: number): void {
  if (recordedAt > patient.recordedAt) patient.recordedAt = recordedAt;
  for (let i = 0; i < fields.length; i++) {
    const value = values[i] ?? absent;
    if (Number.isNaN(value) || recordedAt < (patient.times[i] ?? -Infinity)) continue;
    patient.values[i] = value;
    patient.times[i] = recordedAt;
  }
}
