import { defineErrors, raiser } from '@hms/contracts';

export const alarmErrors = defineErrors({
  /** Unknown, not raised yet, or on a ward this caller does not work on. */
  'alarm.not-found': { status: 404, title: 'There is no such alarm' },
  'alarm.resolved': { status: 409, title: 'The alarm is over' },
  /** It would come back with the next reading: acknowledge it, or suppress the rule for a while. */
  'alarm.still-present': { status: 409, title: 'Readings still show what raised the alarm' },
  /** A score's alarm ends when the score falls, or by hand once its patient wears no device. */
  'alarm.ends-by-itself': { status: 409, title: 'This alarm ends by itself' },
  'alarm-suppression.not-found': { status: 404, title: 'This patient has no such suppression' },
  'alarm-suppression.ended': { status: 409, title: 'The suppression has ended before' },
  'alarm-limit.not-found': { status: 404, title: 'There is no such limit' },
  'observation.not-found': { status: 404, title: 'This patient has no such observation' },
  'observation.voided': { status: 409, title: 'This observation was called an error before' },
});

export const alarmError = raiser(alarmErrors);
