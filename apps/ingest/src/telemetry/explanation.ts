import { readingFlag, type RejectedReading, vitalFromNumber, vitalSigns, type VitalValue } from '@hms/contracts';
import type { Reading, ResolvedReading } from './reading.js';
import type { Submission } from './submission.js';
import type { TelemetryBatch } from './telemetry-batch.js';
import type { Waveform } from './waveform.js';

const maxReadingsListed = 100;

/** How a body is read: what would be stored, had it been sent to be stored. */
export interface Explanation {
  /** By what it would be known when it is sent again. */
  readonly knownBy: 'key' | 'content' | 'device and time';
  readonly batch?: string;
  /** How far the gateway's clock is behind ours, when it tells. */
  readonly clockOffsetMs?: number;
  /** Added to each time, because that clock runs ahead. */
  readonly correctedByMs: number;
  /** At most 100; `readingsTotal` counts all. */
  readonly readings: readonly ExplainedReading[];
  readonly readingsTotal: number;
  readonly rejected: readonly RejectedReading[];
  readonly rejectedTotal: number;
}

interface ExplainedReading {
  readonly i: number;
  readonly device: string;
  readonly recordedAt: string;
  /** Whether somebody wore the device then. Who is not for a gateway to know. */
  readonly assigned: boolean;
  /** In the units of storage, by the key of a reading. */
  readonly values: Readonly<Record<string, VitalValue>>;
  readonly waveforms?: readonly Omit<Waveform, 'samples'>[];
  readonly flags: readonly string[];
}

export function explain(submission: Submission, batch: TelemetryBatch): Explanation {
  const { content, rows } = submission;
  const { identity } = content;
  const { rejected, rejectedTotal } = submission.receipt();
  return {
    knownBy: !identity ? 'device and time' : identity.stated ? 'key' : 'content',
    ...(identity?.stated ? { batch: identity.key } : {}),
    ...(batch.clockOffsetMs === undefined ? {} : { clockOffsetMs: batch.clockOffsetMs }),
    correctedByMs: batch.correctionMs,
    readings: rows.slice(0, maxReadingsListed).map(explainReading),
    readingsTotal: rows.length,
    rejected,
    rejectedTotal,
  };
}

const explainReading = ({ reading, assignment }: ResolvedReading): ExplainedReading => ({
  i: reading.index,
  device: reading.device,
  recordedAt: new Date(reading.recordedAt / 1_000).toISOString(),
  assigned: assignment !== undefined,
  values: valuesOf(reading),
  ...(reading.waveforms && { waveforms: reading.waveforms.map(({ samples: _, ...waveform }) => waveform) }),
  flags: Object.entries(readingFlag).flatMap(([name, bit]) => ((reading.flags & bit) === 0 ? [] : [name])),
});

const valuesOf = ({ values }: Reading): Record<string, VitalValue> =>
  Object.fromEntries(
    vitalSigns.flatMap(({ wire, code }, i) => {
      const value = values[i] ?? NaN;
      return Number.isNaN(value) ? [] : [[wire, vitalFromNumber(code, value)] as const];
    }),
  );
