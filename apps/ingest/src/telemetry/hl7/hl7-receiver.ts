import { AppError, commonError } from '@hms/contracts';
import { uuidv7 } from 'uuidv7';
import type { Caller } from '../../gateways/caller.js';
import { acknowledge, type AckCode, type Acknowledgement } from '../formats/hl7/ack.js';
import { hl7Text } from '../formats/hl7/hl7-text.js';
import { parseMessage, type Segment } from '../formats/hl7/message.js';
import { decodeOru } from '../formats/hl7/oru.js';
import type { TelemetryBatch } from '../telemetry-batch.js';
import type { TelemetryRouteParts } from '../telemetry.routes.js';
import { NothingAccepted } from '../telemetry.service.js';

export const maxMessageBytes = 1024 * 1024;

export interface Message {
  readonly header: Segment;
  /** Undefined for a message that is no observation. */
  readonly batch: TelemetryBatch | undefined;
  /** Milliseconds since 1970. */
  readonly at: number;
}

export interface Acknowledged {
  readonly code: AckCode;
  readonly text: string;
}

/** @throws AppError for what is no HL7 message, or has no control id to answer to */
export function readMessage(body: Uint8Array, at: number, idempotencyKey = ''): Message {
  const text = hl7Text(body);
  const segments = parseMessage(text);
  const [header] = segments;
  if (header.get(10) === '') throw commonError('request.malformed', { detail: 'MSH-10 is missing.' });
  const observations = header.get(9) === 'ORU' && header.get(9, 2) === 'R01';
  return { header, at, batch: observations ? decodeOru(text, segments, { at, idempotencyKey }) : undefined };
}

/**
 * Stores what a message says and answers it.
 * @throws AppError when it could not be stored now
 */
export async function receiveMessage(
  parts: Pick<TelemetryRouteParts, 'receive' | 'metrics'>,
  caller: Caller,
  { header, batch, at }: Message,
): Promise<Acknowledged> {
  const answer = (ack: Pick<Acknowledgement, 'code' | 'rejected' | 'reason'>): Acknowledged =>
    acknowledged(header, { ...ack, hospital: caller.hospital.slug }, at);
  if (!batch) return answer({ code: 'AR', reason: 'only ORU^R01 is taken' });
  if (batch.readings.length + batch.rejected.length === 0) return answer({ code: 'AA' });
  try {
    const { receipt, replayed } = await parts.receive(caller, batch, at);
    if (!replayed) parts.metrics.answered(receipt);
    return answer({ code: 'AA', rejected: receipt.rejected });
  } catch (err) {
    if (err instanceof NothingAccepted) return answer({ code: 'AE', rejected: err.receipt.rejected });
    throw err;
  }
}

/** The answer to a message that could not be taken now, or not from this sender: it may be sent again. */
export function refuseMessage({ header, at }: Message, thrown: unknown): Acknowledged {
  const reason = thrown instanceof AppError ? thrown.code : 'service.unavailable';
  return acknowledged(header, { code: 'AR', hospital: '', reason }, at);
}

const acknowledged = (header: Segment, ack: Omit<Acknowledgement, 'controlId' | 'at'>, at: number): Acknowledged => ({
  code: ack.code,
  text: acknowledge(header, { ...ack, controlId: uuidv7(), at: new Date(at) }),
});
