import type { Logger } from '@hms/service-kit';
import type { Failure } from '../../database/failure.js';
import type { Lane } from '../../database/lane.js';
import type { DeviceMap } from '../../devices/device-map.js';
import type { Hospital } from '../../hospitals/hospital.js';
import type { Breaker } from './breaker.js';
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
  readonly onCommitted: (group: HospitalGroup) => void;
  readonly logger: Logger;
  readonly metrics: FlushMetrics;
}

export interface FlushMetrics {
  flushed(rows: number, seconds: number): void;
  flushFailed(failure: Failure): void;
}
