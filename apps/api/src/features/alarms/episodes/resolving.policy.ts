import type { AlarmKind } from '@hms/contracts';
import { alarmError } from '../alarms.errors.js';

export interface Condition {
  readonly kind: AlarmKind;
  /** Whether the newest reading about it shows it, and was stored less than a minute ago. */
  readonly shown: boolean;
  /** Whether the patient wears a device. */
  readonly monitored: boolean;
}

/**
 * A person ends what would otherwise stay for ever: the limit alarm of a sensor that was taken off, the technical alarm of
 * a device that went to repair, the score of a patient who went home. While readings still show the condition, ending it
 * would only bring the next alarm.
 * @throws `alarm.ends-by-itself` or `alarm.still-present`
 */
export function assertMayBeResolved({ kind, shown, monitored }: Condition): void {
  if (kind === 'score' && monitored) throw alarmError('alarm.ends-by-itself');
  if (kind === 'limit' && shown) throw alarmError('alarm.still-present');
}
