import type { AlarmKind } from '@hms/contracts';
import { alarmError } from '../alarms.errors.js';

/** Readings come every few seconds: after this, whatever raised the alarm is not being shown any more. */
export const quietMs = 60_000;

export interface Condition {
  readonly kind: AlarmKind;
  /** Of the newest reading that showed the condition. */
  readonly lastSeenAt: Date;
  /** Since when readings show that it ended. */
  readonly normalSince: Date | null;
}

/**
 * A person ends what would otherwise stay for ever: the limit alarm of a sensor that was taken off, the technical alarm of
 * a device that went to repair. While readings still show the condition, ending it would only bring the next alarm.
 * @throws `alarm.ends-by-itself` or `alarm.still-present`
 */
export function assertMayBeResolved({ kind, lastSeenAt, normalSince }: Condition, now: Date): void {
  if (kind === 'score') throw alarmError('alarm.ends-by-itself');
  const shown = normalSince === null && now.getTime() - lastSeenAt.getTime() < quietMs;
  if (kind === 'limit' && shown) throw alarmError('alarm.still-present');
}
