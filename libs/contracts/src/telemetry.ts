/** Why one reading of a batch was refused. A client must not send such a reading again unchanged. */
export type RejectCode =
  | 'malformed'
  | 'unknown_field'
  | 'unknown_device'
  | 'foreign_device'
  | 'missing_time'
  | 'missing_zone'
  | 'future_timestamp'
  | 'too_old'
  | 'out_of_range'
  | 'not_a_number'
  | 'inconsistent'
  | 'empty';

export interface RejectedReading {
  /** Index of the reading in the batch, from 0. */
  readonly i: number;
  readonly code: RejectCode;
  readonly field?: string;
}

/** Answer to `POST /telemetry`: sent only after the accepted readings are committed. */
export interface TelemetryReceipt {
  readonly batch?: string;
  readonly accepted: number;
  readonly duplicates: number;
  /** Accepted readings of devices nobody was assigned to at that time; kept until an assignment claims them. */
  readonly unassigned: number;
  /** At most 100 entries; `rejectedTotal` counts all. */
  readonly rejected: readonly RejectedReading[];
  readonly rejectedTotal: number;
}

export const maxReadingsPerBatch = 5_000;
export const maxRejectedListed = 100;
