import { defineErrors, raiser } from '@hms/contracts';

export const telemetryStorageErrors = defineErrors({
  'dead-letter.not-found': { status: 404, title: 'There is no such reading' },
  /** It was stored or discarded before. */
  'dead-letter.decided': { status: 409, title: 'Somebody has decided about this reading' },
  /** The gateway has no device of that name (any more). Register it, then replay. */
  'dead-letter.unknown-device': { status: 409, title: 'The device is not registered' },
  /** `reason` says why: an error code of PostgreSQL. */
  'dead-letter.still-refused': { status: 409, title: 'The database still refuses this reading' },
});

export const telemetryStorageError = raiser(telemetryStorageErrors);
