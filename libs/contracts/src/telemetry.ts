import { defineErrors, raiser } from './problem.js';

/** Why one reading of a batch was refused. A client must not send such a reading again unchanged. */
export type RejectCode =
  | 'malformed'
  | 'unsupported'
  | 'unknown_field'
  | 'unknown_device'
  | 'foreign_device'
  | 'disabled_device'
  | 'wrong_patient'
  | 'missing_time'
  | 'missing_zone'
  | 'future_timestamp'
  | 'too_old'
  | 'out_of_range'
  | 'not_a_number'
  | 'inconsistent'
  | 'empty'
  | 'not_storable';

export interface RejectedReading {
  /** Index of the reading in the batch, from 0. */
  readonly i: number;
  readonly code: RejectCode;
  readonly field?: string;
}

/**
 * Answer to `POST /telemetry`: sent only after the accepted readings are committed. Every reading is counted once:
 * `accepted + duplicates + rejectedTotal` is the size of the batch.
 */
export interface TelemetryReceipt {
  readonly batch?: string;
  readonly accepted: number;
  /** Readings of a device and time that were stored before; what they added was merged in. */
  readonly duplicates: number;
  /** Those of `accepted` whose device nobody was assigned to at that time; kept until an assignment claims them. */
  readonly unassigned: number;
  /** At most 100 entries; `rejectedTotal` counts all. */
  readonly rejected: readonly RejectedReading[];
  readonly rejectedTotal: number;
}

export const maxReadingsPerBatch = 5_000;
export const maxRejectedListed = 100;
/** How long after it was recorded a reading is still taken, and how far a device's clock may run ahead. */
export const maxReadingAgeMs = 7 * 24 * 3_600_000;
export const maxClockAheadMs = 30_000;

/** Bits of `vitals.flags`: the value is stored, and something about it deserves a second look. */
export const readingFlag = {
  /** The gateway's clock was more than 2 s off. */
  skew: 1,
  /** No heart beat, yet an oxygen saturation. */
  heartRateZero: 2,
  /** Heart rate and pulse rate differ by more than 30. */
  pulseDeficit: 4,
  /** Oxygen saturation below 50 %. */
  spo2Low: 8,
  /** Temperature below 30 or above 43 °C. */
  temperatureExtreme: 16,
} as const;

/** Another bit of them: the sender named the patient, who is the one the reading is stored for. Nobody is shown it. */
export const patientNamedFlag = 32;

export const telemetryErrors = defineErrors({
  /** The device key is good, but its hospital is not active. */
  'hospital.suspended': { status: 403, title: 'This hospital is not active' },
  'body.timeout': { status: 408, title: 'The body took too long to arrive' },
  /** Every reading comes from a device of another gateway. */
  'telemetry.foreign-device': { status: 403, title: 'The device belongs to another gateway' },
  /** The key decides whose data it is; what was said besides is another hospital. */
  'telemetry.other-hospital': { status: 403, title: 'The key is of another hospital' },
  /** Much of what waits to be stored is this hospital's, and others wait too. */
  'telemetry.over-share': { status: 429, title: 'This hospital sends more than its share', retryAfter: 1 },
  /** More than the operator lets this hospital send. */
  'telemetry.over-quota': { status: 429, title: 'This hospital sends more than its quota', retryAfter: 1 },
  /** The same batch key came before with other readings. */
  'telemetry.batch-key-reused': { status: 409, title: 'This batch key was used for other readings' },
  'telemetry.too-many-readings': { status: 422, title: 'Too many readings in one batch' },
  // The rest: nothing was accepted, and this is why the first reading was refused.
  'telemetry.malformed': { status: 422, title: 'A reading is not of the documented form' },
  /** Known to the format, and nothing HMS stores or does. */
  'telemetry.unsupported': { status: 422, title: 'This kind of entry is not taken here' },
  'telemetry.unknown-code': { status: 422, title: 'A reading has a field nobody knows' },
  'telemetry.unknown-device': { status: 422, title: 'The device is not registered' },
  'telemetry.disabled-device': { status: 422, title: 'The device is disabled' },
  /** Somebody else wore the device then. */
  'telemetry.wrong-patient': { status: 422, title: 'The device was not on that patient' },
  'telemetry.missing-time': { status: 422, title: 'A reading says not when it was taken' },
  'telemetry.missing-zone': { status: 422, title: 'A time has no zone' },
  'telemetry.future-time': { status: 422, title: 'A reading lies in the future' },
  'telemetry.too-old': { status: 422, title: 'A reading is older than seven days' },
  'telemetry.out-of-range': { status: 422, title: 'A value is outside what a body can have' },
  'telemetry.not-a-number': { status: 422, title: 'A value is not a number' },
  'telemetry.inconsistent': { status: 422, title: 'Values of one reading contradict each other' },
  'telemetry.empty': { status: 422, title: 'A reading has no value' },
  'telemetry.not-storable': { status: 422, title: 'A reading could not be stored' },
});

export const telemetryError = raiser(telemetryErrors);
