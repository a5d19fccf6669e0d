import { appointmentMovers, commonError, type AppError, type AppointmentStatus } from '@hms/contracts';
import type { Identity } from '../../platform/access/actor.js';
import { isStaff } from '../scheduling/scheduling.policy.js';

/** @throws `auth.forbidden`, or `request.invalid` for a state that is not set, or not without a reason */
export function assertMayMove(
  { permissions }: Pick<Identity, 'permissions'>,
  to: AppointmentStatus,
  reason: string | null | undefined,
): void {
  const needed = appointmentMovers[to];
  if (!needed) throw invalid('status', `the status ${to} comes about by booking or rescheduling`);
  if (!permissions.has(needed)) throw commonError('auth.forbidden');
  if (to === 'entered_in_error' && !reason) throw invalid('reason', 'reason must say what was wrong');
}

/**
 * Whose appointment it is: for whoever is no staff, their own only.
 * @throws `auth.forbidden` or `request.invalid`
 */
export function patientFor(actor: Identity, wanted: string | undefined): string {
  if (isStaff(actor)) {
    if (wanted === undefined) throw invalid('patientId', 'patientId must say whose appointment it is');
    return wanted;
  }
  if (actor.patientId === undefined || (wanted !== undefined && wanted !== actor.patientId)) {
    throw commonError('auth.forbidden');
  }
  return actor.patientId;
}

/** What whoever asks may see: undefined is everything. No id is null, so null shows nothing. */
export const visibleTo = (actor: Identity): string | null | undefined =>
  isStaff(actor) ? undefined : (actor.patientId ?? null);

/** @throws `auth.forbidden` for an overbooking by somebody who may not */
export function assertMayOverbook({ permissions }: Pick<Identity, 'permissions'>, reason: string | undefined): void {
  if (reason !== undefined && !permissions.has('schedule:overbook')) throw commonError('auth.forbidden');
}

/** @throws `auth.forbidden` for rooms and devices named by somebody who is no staff */
export function assertMayTake(actor: Identity, resourceIds: readonly string[] | undefined): void {
  if (resourceIds !== undefined && !isStaff(actor)) throw commonError('auth.forbidden');
}

export const invalid = (field: string, message: string): AppError =>
  commonError('request.invalid', { errors: [{ field, code: 'appointment', message }] });
