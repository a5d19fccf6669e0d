import { AppError, telemetryErrors } from '@hms/contracts';
import type { Hospital } from '../hospitals/hospital.js';

/** The key is good, but its hospital is not active now. */
export class HospitalSuspended extends AppError {
  constructor(readonly hospital: Hospital) {
    super('hospital.suspended', telemetryErrors['hospital.suspended']);
  }
}
