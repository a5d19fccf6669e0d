import type { Assignment } from '../../devices/device-map.js';
import { absent, fields, noValues } from '../fields.js';
import type { Reading } from '../reading.js';

/** The newest value of each vital sign of one patient, and when it was taken. */
export interface PatientValues {
  /** That of the newest reading. */
  assignment: Assignment;
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

  add(assignment: Assignment, { values, recordedAt }: Reading): void {
    const patient = this.#at(assignment, recordedAt);
    for (let i = 0; i < fields.length; i++) {
      const value = values[i] ?? absent;
      if (Number.isNaN(value) || recordedAt < (patient.times[i] ?? -Infinity)) continue;
      patient.values[i] = value;
      patient.times[i] = recordedAt;
    }
  }

  /** Takes over what is newer in `other`. */
  merge(other: NewestValues): void {
    for (const patient of other.byPatient.values()) this.mergePatient(patient);
  }

  /** Takes over what is newer of the one patient. */
  mergePatient({ assignment, recordedAt, values, times }: PatientValues): void {
    const patient = this.#at(assignment, recordedAt);
    for (let i = 0; i < fields.length; i++) {
      const time = times[i] ?? absent;
      if (Number.isNaN(time) || time <= (patient.times[i] ?? -Infinity)) continue;
      patient.values[i] = values[i] ?? absent;
      patient.times[i] = time;
    }
  }

  #at(assignment: Assignment, recordedAt: number): PatientValues {
    let patient = this.byPatient.get(assignment.patientId);
    if (!patient) {
      patient = { assignment, recordedAt, values: noValues(), times: noValues() };
      this.byPatient.set(assignment.patientId, patient);
    } else if (recordedAt > patient.recordedAt) {
      patient.assignment = assignment;
      patient.recordedAt = recordedAt;
    }
    return patient;
  }
}
