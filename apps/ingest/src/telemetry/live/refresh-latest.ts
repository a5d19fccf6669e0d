import type { Hospital } from '../../hospitals/hospital.js';
import { holdEpoch, timestamp } from '../store/statements.js';
import type { PatientValues } from './newest-values.js';

/**
 * Statements that bring a patient's newest vitals up to what is stored for them since then, an expression. They fail with
 * 55P03 while readings move from one patient to another: what is stored now may be another's in a moment.
 */
export const refreshLatestSince = (hospital: Hospital, patientId: string, since: string): string =>
  `${holdEpoch(hospital)}; select ${hospital.schema}.refresh_vitals_latest('${patientId}', ${since})`;

/** The same as far back as those values are, which may not be the patient's, and at most a day. */
export const refreshLatest = (hospital: Hospital, { assignment, times }: PatientValues): string => {
  const oldest = Math.min(...times.filter((time) => !Number.isNaN(time)));
  return refreshLatestSince(hospital, assignment.patientId, `greatest(now() - interval '1 day', ${timestamp(oldest)})`);
};
