import { AppError, commonError } from '@hms/contracts';
import { uuidv7 } from 'uuidv7';
import type { Hl7Sender } from '../../gateways/hl7-sources.js';
import type { Caller } from '../../gateways/caller.js';
import { acknowledge, type AckCode, type Acknowledgement } from '../formats/hl7/ack.js';
import { hl7Text } from '../formats/hl7/hl7-text.js';
import { parseHeader, parseMessage, type Segment } from '../formats/hl7/message.js';
import { decodeOru } from '../formats/hl7/oru.js';
import type { TelemetryBatch } from '../telemetry-batch.js';
import { isForGood } from '../refusal.js';
import type { TelemetryRouteParts } from '../telemetry.routes.js';
import { NothingAccepted } from '../telemetry.service.js';

export const maxMessageBytes = 1024 * 1024;

export interface Message {
  readonly header: Segment;
  /** Reads what was observed, local times in that zone; undefined for a message that is no observation. */
  readonly read: ((timezone: string | undefined) => TelemetryBatch) | undefined;
  /** Milliseconds since 1970. */
  readonly at: number;
}

export interface Acknowledged {
  readonly code: AckCode;
  readonly text: string;
}

/** Reads who sent it and what it is, and nothing else yet. @throws AppError for what is no HL7 message, or has no control id */
export function readMessage(body: Uint8Array, at: number, idempotencyKey = ''): Message {
  const text = hl7Text(body);
  const header = parseHeader(text);
  if (header.get(10) === '') throw commonError('request.malformed', { detail: 'MSH-10 is missing.' });
  const observations = header.get(9) === 'ORU' && header.get(9, 2) === 'R01';
  const received = { at, idempotencyKey };
  const read = (timezone: string | undefined): TelemetryBatch =>
    decodeOru(text, parseMessage(text), received, timezone);
  return { header, at, read: observations ? read : undefined };
}

/**
 * Stores what a message says and answers it.
 * @param address it came from; empty when it does not count
 * @throws AppError when it could not be stored now
 */
export async function receiveMessage(
  parts: Pick<TelemetryRouteParts, 'receive' | 'hl7Sources'>,
  caller: Caller,
  { header, read, at }: Message,
  address = '',
): Promise<Acknowledged> {
  const answer = (ack: Pick<Acknowledgement, 'code' | 'rejected' | 'reason'>): Acknowledged =>
    acknowledged(header, { ...ack, hospital: caller.hospital.slug }, at);
  if (!read) return answer({ code: 'AR', reason: { is: 'unsupported', text: 'only ORU^R01 is taken' } });
  const batch = read(await parts.hl7Sources.zoneOf(caller.gatewayId, senderOf(header, address)));
  if (batch.readings.length + batch.rejected.length === 0) return answer({ code: 'AA' });
  try {
    const { receipt } = await parts.receive(caller, batch, at);
    return answer({ code: 'AA', rejected: receipt.rejected });
  } catch (err) {
    if (err instanceof NothingAccepted) return answer({ code: 'AR', rejected: err.receipt.rejected });
    throw err;
  }
}

/** @param address it came from */
export const senderOf = (header: Segment, address = ''): Hl7Sender => ({
  address,
  application: header.get(3),
  facility: header.get(4),
});

/** The answer to a message that cannot be taken now, or never from this sender. */
export function refuseMessage({ header, at }: Pick<Message, 'header' | 'at'>, thrown: unknown): Acknowledged {
  const text = thrown instanceof AppError ? thrown.code : 'service.unavailable';
  const code = isForGood(thrown) ? 'AR' : 'AE';
  const is = text === 'request.malformed' ? 'malformed' : 'other';
  return acknowledged(header, { code, hospital: '', reason: { is, text } }, at);
}

/** The answer to what {@link readMessage} threw for. @throws the same where nothing says how to answer */
export function refuseUnreadable(body: Uint8Array, thrown: unknown, at: number): Acknowledged {
  const text = Buffer.from(body.buffer, body.byteOffset, body.byteLength).toString('latin1');
  let header: Segment;
  try {
    header = parseHeader(text);
  } catch {
    throw thrown;
  }
  return refuseMessage({ header, at }, thrown);
}

const acknowledged = (header: Segment, ack: Omit<Acknowledgement, 'controlId' | 'at'>, at: number): Acknowledged => ({
  code: ack.code,
  text: acknowledge(header, { ...ack, controlId: uuidv7(), at: new Date(at) }),
});
