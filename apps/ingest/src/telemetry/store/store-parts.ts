import type { Logger } from '@hms/service-kit';
import type { Failure } from '../../database/failure.js';
import type { Lane } from '../../database/lane.js';
import type { DeviceMap } from '../../devices/device-map.js';
import type { Hospital } from '../../hospitals/hospital.js';
import type { FlushMark } from './copy-encoder.js';
import type { Breaker } from './breaker.js';
import type { DeadLetterOutcome } from './dead-letter-box.js';
import type { FlushNumbers } from './flush-numbers.js';
import type { HospitalGroup } from './hospital-group.js';

/** What a writer works with. */
export interface StoreParts {
  /** Used by one writer alone. */
  readonly lane: Lane;
  /** Number of this process in `telemetry_flush`. */
  readonly writer: number;
  readonly numbers: FlushNumbers;
  readonly breaker: Breaker;
  readonly reloadDevices: (hospital: Hospital) => Promise<DeviceMap>;
  /** Called after each commit with what it stored. */
  readonly onCommitted: (group: HospitalGroup, mark: FlushMark) => void;
  /** Called after a commit that raised alarms. */
  readonly onRaised: (raised: Raised) => void;
  readonly logger: Logger;
  readonly metrics: FlushMetrics;
}

/** Alarms that were raised together with the readings that show them. */
export interface Raised {
  readonly hospitals: readonly Hospital[];
  readonly alarms: number;
  /** When the first of the submissions behind them came. */
  readonly since: number;
}

export interface FlushMetrics {
  flushed(rows: number, seconds: number): void;
  flushFailed(failure: Failure): void;
  deadLetters(outcome: DeadLetterOutcome, letters: number): void;
}
