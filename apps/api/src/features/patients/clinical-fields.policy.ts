import { commonError } from '@hms/contracts';
import type { Identity } from '../../platform/access/actor.js';
import type { PatientDetailsDto, PatientDto } from './patients.dto.js';

/** What a patient's record says of its health; the rest identifies a person and is for the front desk too. */
export const clinicalFields = ['allergyStatus', 'bloodGroup'] as const satisfies readonly (keyof PatientDto)[];

/** Those who may read allergies, and the patient whose record it is. */
export const seesClinicalFields = (actor: Identity, patientId: string): boolean =>
  actor.permissions.has('allergy:read') || (actor.permissions.has('patient:own') && actor.patientId === patientId);

/** Nobody changes what they may not see. @throws `auth.forbidden` naming the field */
export function assertMayWrite(actor: Identity, details: PatientDetailsDto): void {
  if (details.bloodGroup === undefined || actor.permissions.has('allergy:write')) return;
  const message = 'bloodGroup needs the permission allergy:write';
  throw commonError('auth.forbidden', { errors: [{ field: 'bloodGroup', code: 'permission', message }] });
}

/** Deleted records are shown to those who can restore them. */
export const seesDeleted = (actor: Identity): boolean => actor.permissions.has('patient:delete');
