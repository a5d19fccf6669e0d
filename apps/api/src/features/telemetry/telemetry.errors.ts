import { defineErrors, raiser } from '@hms/contracts';

export const telemetryStorageErrors = defineErrors({
  'dead-letter.not-found': { status: 404, title: 'There is no such reading' },
  /** It was stored or discarded before. */
  'dead-letter.decided': { status: 409, title: 'Somebody has decided about this reading' },
  /** The gateway has no device of that name (any more). Register it, then replay. */
  'dead-letter.unknown-device': { status: 409, title: 'The device is not registered' },
  /** Whoever wore the device then is not the patient its sender named. Correct the assignment, then replay. */
  'dead-letter.wrong-patient': { status: 409, title: 'The sender named another patient' },
  /** It is a message as it came. It can only be discarded. */
  'dead-letter.unreadable': { status: 409, title: 'This message could not be read' },
  /** `reason` says why: an error code of PostgreSQL. */
  'dead-letter.still-refused': { status: 409, title: 'The database still refuses this reading' },
});

export const telemetryStorageError = raiser(telemetryStorageErrors);
