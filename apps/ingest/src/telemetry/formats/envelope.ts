import { createHash } from 'node:crypto';
import { commonError, maxReadingsPerBatch, type RejectedReading, telemetryError } from '@hms/contracts';
import type { Reading } from '../reading.js';
import type { TelemetryBatch } from '../telemetry-batch.js';
import { gatewayClock, type GatewayClock } from './clock.js';
import { parseTime } from './time.js';

/** What is known of a batch besides its body. */
export interface Received {
  /** Milliseconds since 1970. */
  readonly at: number;
  /** The `Idempotency-Key` header, or empty. */
  readonly idempotencyKey: string;
  /** The device that where it was sent to names: its readings need not. */
  readonly device?: string;
}

/** What a batch says of itself. */
export interface Envelope {
  readonly key: string | undefined;
  readonly clock: GatewayClock;
}

const batchKey = /^[\x21-\x7e]{1,64}$/;

/**
 * @param batch the key the body states, if it does
 * @param sentAt the gateway's clock, if the body states it
 * @throws AppError when either is not of the documented form
 */
export function readEnvelope(received: Received, batch: unknown, sentAt: unknown): Envelope {
  return { key: keyOf(batch, received.idempotencyKey), clock: clockOf(sentAt, received.at) };
}

function keyOf(batch: unknown, header: string): string | undefined {
  const stated = batch ?? (header === '' ? undefined : header);
  if (stated === undefined) return undefined;
  if (typeof stated === 'string' && batchKey.test(stated)) return stated;
  const errors = [{ field: 'batch', code: 'form', message: 'must be 1 to 64 printable characters without spaces' }];
  throw commonError('request.invalid', { errors });
}

function clockOf(sentAt: unknown, receivedMs: number): GatewayClock {
  if (sentAt === undefined || sentAt === null) return gatewayClock(receivedMs, undefined);
  const sent = parseTime(sentAt);
  if (typeof sent === 'number') return gatewayClock(receivedMs, sent / 1_000);
  const errors = [{ field: 'sent_at', code: sent, message: 'must be epoch milliseconds or RFC 3339 with a zone' }];
  throw sent === 'missing_zone'
    ? telemetryError('telemetry.missing-zone', { errors })
    : commonError('request.invalid', { errors });
}

/** @throws AppError for no reading at all, and for more than a batch may have */
export function assertSize(count: number): void {
  if (count === 0) throw telemetryError('telemetry.empty');
  if (count <= maxReadingsPerBatch) return;
  throw telemetryError('telemetry.too-many-readings', {
    detail: `A batch has at most ${maxReadingsPerBatch} readings.`,
  });
}

/** A batch of what was read, each reading in exactly one of the two lists. */
export function toBatch(
  { key, clock }: Envelope,
  results: Iterable<Reading | RejectedReading>,
  digest: () => Buffer,
): TelemetryBatch {
  const readings: Reading[] = [];
  const rejected: RejectedReading[] = [];
  for (const result of results) {
    if ('code' in result) rejected.push(result);
    else readings.push(result);
  }
  return { key, digest, correctionMs: clock.correctionMs, clockOffsetMs: clock.offsetMs, readings, rejected };
}

export const digestOf = (text: string): Buffer => createHash('sha256').update(text).digest();

/** Without `sent_at`: a gateway that sends a batch again says so at another time. */
export const digestWithoutSentAt = (text: string): Buffer =>
  digestOf(text.replace(/"sent_at"\s*:\s*(?:"[^"]*"|[^,}\s]+)/, ''));
