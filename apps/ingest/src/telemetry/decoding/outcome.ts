import { AppError, documentedErrors, type ErrorDetails } from '@hms/contracts';
import type { TelemetryBatch } from '../telemetry-batch.js';
import { type DecodingJob, decodeJob } from './decoding-job.js';
import { type PackedBatch, packBatch, unpackBatch } from './packed-batch.js';

/** What became of a job, in a form that can go to another thread. */
export type Outcome =
  | { readonly batch: PackedBatch }
  | { readonly refused: { readonly code: string; readonly details: ErrorDetails } }
  | { readonly bug: unknown };

/** Never throws. */
export function outcomeOf(job: DecodingJob): Outcome {
  try {
    return { batch: packBatch(decodeJob(job)) };
  } catch (err) {
    if (!(err instanceof AppError)) return { bug: err };
    // What caused it may quote the body, and nobody looks at it: what is no batch is the sender's affair.
    return { refused: { code: err.code, details: { ...err.details, cause: undefined } } };
  }
}

/** @throws what decoding threw */
export function batchOf(outcome: Outcome): TelemetryBatch {
  if ('batch' in outcome) return unpackBatch(outcome.batch);
  if ('bug' in outcome) throw outcome.bug;
  const { code, details } = outcome.refused;
  const spec = documentedErrors().get(code);
  if (!spec) throw new Error(`error code ${code} is not documented`);
  throw new AppError(code, spec, details);
}

/** What of it need not be copied. */
export const buffersOf = (outcome: Outcome): ArrayBuffer[] =>
  'batch' in outcome ? [outcome.batch.numbers.buffer] : [];
