import { commonError, maxReadingAgeMs } from '@hms/contracts';
import { deviceError } from './devices.errors.js';

/** From when to when a device is worn; `until` is exclusive and null while it lasts. */
export interface Period {
  readonly from: Date;
  readonly until: Date | null;
}

/** Further back there is no reading an assignment could still claim. */
export const maxBackdatingMs = maxReadingAgeMs;
export const maxPlanningMs = 7 * 24 * 3_600_000;

/**
 * The period of a new assignment, beginning now unless said otherwise.
 * @throws `request.invalid` when it is empty or begins too far from now
 */
export function newPeriod(wanted: { from?: Date; until?: Date | null }, now: Date): Period {
  const { from = now, until = null } = wanted;
  requireNear('from', from, now);
  if (until !== null && until <= from) throw invalid('until', 'until must be after from');
  return { from, until };
}

/**
 * When an assignment that lasts `period` is ended `at`, now unless said otherwise.
 * @throws `request.invalid` or `device-assignment.ended`
 */
export function endOf({ from, until }: Period, at: Date | undefined, now: Date): Date {
  const end = at ?? now;
  requireNear('at', end, now);
  if (until !== null && (until <= now || end >= until)) throw deviceError('device-assignment.ended');
  if (end <= from) throw invalid('at', 'at must be after the assignment began');
  return end;
}

function requireNear(field: string, time: Date, now: Date): void {
  const ahead = time.getTime() - now.getTime();
  if (ahead < -maxBackdatingMs || ahead > maxPlanningMs) {
    throw invalid(field, `${field} must be within 7 days of now`);
  }
}

const invalid = (field: string, message: string) =>
  commonError('request.invalid', { errors: [{ field, code: 'period', message }] });
