import { doubtOf } from '../../alarms/limits.js';
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
  /** Bits by place in `fields`: that value is not to be believed. */
  doubtful: number;
}

/** Folds readings into the newest values per patient; order does not matter. */
export class NewestValues {
  readonly byPatient = new Map<string, PatientValues>();

  get isEmpty(): boolean {
    return this.byPatient.size === 0;
  }

  add(assignment: Assignment, { values, recordedAt, flags }: Reading): void {
    const patient = this.#at(assignment, recordedAt);
    const doubts = flags === 0 ? 0 : doubtsOf(flags);
    for (let i = 0; i < fields.length; i++) {
      const value = values[i] ?? absent;
      if (Number.isNaN(value) || recordedAt < (patient.times[i] ?? -Infinity)) continue;
      patient.values[i] = value;
      patient.times[i] = recordedAt;
      takeDoubt(patient, i, doubts);
    }
  }

  /** Takes over what is newer in `other`. */
  merge(other: NewestValues): void {
    for (const patient of other.byPatient.values()) this.mergePatient(patient);
  }

  /** Takes over what is newer of the one patient. */
  mergePatient({ assignment, recordedAt, values, times, doubtful }: PatientValues): void {
    const patient = this.#at(assignment, recordedAt);
    for (let i = 0; i < fields.length; i++) {
      const time = times[i] ?? absent;
      if (Number.isNaN(time) || time <= (patient.times[i] ?? -Infinity)) continue;
      patient.values[i] = values[i] ?? absent;
      patient.times[i] = time;
      takeDoubt(patient, i, doubtful);
    }
  }

  #at(assignment: Assignment, recordedAt: number): PatientValues {
    let patient = this.byPatient.get(assignment.patientId);
    if (!patient) {
      patient = { assignment, recordedAt, values: noValues(), times: noValues(), doubtful: 0 };
      this.byPatient.set(assignment.patientId, patient);
    } else if (recordedAt > patient.recordedAt) {
      patient.assignment = assignment;
      patient.recordedAt = recordedAt;
    }
    return patient;
  }
}

/** @returns bits by place in `fields` */
function doubtsOf(flags: number): number {
  let doubts = 0;
  for (const [place, flag] of doubtOf) if ((flags & flag) !== 0) doubts |= 1 << place;
  return doubts;
}

function takeDoubt(patient: PatientValues, place: number, doubts: number): void {
  const bit = 1 << place;
  patient.doubtful = (patient.doubtful & ~bit) | (doubts & bit);
}
