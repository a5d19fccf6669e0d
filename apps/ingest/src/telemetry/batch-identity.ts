import { maxReadingAgeMs } from '@hms/contracts';
import type { BatchIdentity } from './submission.js';
import type { TelemetryBatch } from './telemetry-batch.js';

const uuidv7 = /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/i;
const oneDayMs = 24 * 3_600_000;

/**
 * By what the batch will be known again: the client's key, or else its content. A single reading without a key needs
 * none, its device and time tell it apart, unless its time depends on when it arrived and will be another one the next
 * time. Content that says no time is known by when it came alone: the next one with equal values is another measurement.
 */
export function identify(batch: TelemetryBatch, receivedMs: number): BatchIdentity | undefined {
  const { key, readings, rejected, correctionMs, untimed = false } = batch;
  const needsNone = untimed || (readings.length + rejected.length < 2 && correctionMs === 0);
  if (key === undefined && needsNone) return undefined;
  const digest = batch.digest();
  return {
    day: dayOf(batch, receivedMs),
    key: key ?? `sha256:${digest.toString('base64url')}`,
    stated: key !== undefined,
    bodyHash: digest.readBigInt64BE(0),
  };
}

/** The day the key was made, when it tells; otherwise the day of the first reading, as the device has it. */
function dayOf({ key, readings: [first], correctionMs }: TelemetryBatch, receivedMs: number): string {
  const made = key !== undefined && uuidv7.test(key) ? parseInt(key.slice(0, 8) + key.slice(9, 13), 16) : NaN;
  if (made > receivedMs - maxReadingAgeMs && made < receivedMs + oneDayMs) return isoDate(made);
  return isoDate(first ? first.recordedAt / 1_000 - correctionMs : receivedMs);
}

const isoDate = (ms: number): string => new Date(ms).toISOString().slice(0, 10);
