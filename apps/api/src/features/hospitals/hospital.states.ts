import type { HospitalStatus } from '@hms/database';
import { hospitalError } from './hospitals.errors.js';

export const hospitalStatuses = ['provisioning', 'active', 'suspended'] as const satisfies readonly HospitalStatus[];

/** `hms hospital create` alone leads out of `provisioning`. */
const moves: Readonly<Record<HospitalStatus, readonly HospitalStatus[]>> = {
  provisioning: [],
  active: ['suspended'],
  suspended: ['active'],
};

/** @throws `hospital.illegal-status` */
export function move(from: HospitalStatus, to: HospitalStatus): HospitalStatus {
  if (!moves[from].includes(to)) throw hospitalError('hospital.illegal-status', { detail: `it is ${from}` });
  return to;
}

/** Somebody can be invited once the hospital's schema is there. @throws `hospital.illegal-status` */
export function assertProvisioned(status: HospitalStatus): void {
  if (status === 'provisioning') throw hospitalError('hospital.illegal-status', { detail: `it is ${status}` });
}
