import { commonError } from '@hms/contracts';
import { uuidv7 } from 'uuidv7';
import type { Caller } from '../../gateways/caller.js';
import { endpoint, type Endpoint } from '../../http/endpoint.js';
import type { Reply, RequestHead } from '../../http/route.js';
import { acknowledge, type Acknowledgement } from '../formats/hl7/ack.js';
import { hl7Text } from '../formats/hl7/hl7-text.js';
import { parseMessage, type Segment } from '../formats/hl7/message.js';
import { decodeOru } from '../formats/hl7/oru.js';
import type { TelemetryBatch } from '../telemetry-batch.js';
import type { TelemetryRouteParts } from '../telemetry.routes.js';
import { NothingAccepted } from '../telemetry.service.js';

const accepts = ['application/hl7-v2', 'application/hl7-v2+er7', 'x-application/hl7-v2+er7'];
const contentType = 'application/hl7-v2; charset=utf-8';
const unprocessable = 422;

interface Message {
  readonly header: Segment;
  /** Undefined for a message that is no observation. */
  readonly batch: TelemetryBatch | undefined;
  readonly at: number;
}

/**
 * HL7 v2 observations over HTTP, one message a request, as interface engines send them. The answer is an acknowledgement:
 * `AA` once everything that can be stored is committed, with a warning for each entry that cannot.
 */
export const hl7Routes = (parts: TelemetryRouteParts): Endpoint[] => [
  endpoint<Caller, Message>({
    method: 'POST',
    path: '/telemetry/hl7',
    access: { by: 'gateway-key', authenticate: ({ authorization }: RequestHead) => parts.authenticate(authorization) },
    accepts,
    maxBytes: 1024 * 1024,
    deadlineMs: 15_000,
    gate: parts.gate,
    decode: (body, { idempotencyKey }) => {
      const at = parts.now();
      const text = hl7Text(body);
      const segments = parseMessage(text);
      const [header] = segments;
      if (header.get(10) === '') throw commonError('request.malformed', { detail: 'MSH-10 is missing.' });
      const observations = header.get(9) === 'ORU' && header.get(9, 2) === 'R01';
      return { header, at, batch: observations ? decodeOru(text, segments, { at, idempotencyKey }) : undefined };
    },
    handle: (caller, message) => answer(parts, caller, message),
  }),
];

async function answer(parts: TelemetryRouteParts, caller: Caller, { header, batch, at }: Message): Promise<Reply> {
  const reply = (status: number, ack: Pick<Acknowledgement, 'code' | 'rejected' | 'reason'>): Reply => {
    const { slug: hospital } = caller.hospital;
    return {
      status,
      contentType,
      body: acknowledge(header, { ...ack, hospital, controlId: uuidv7(), at: new Date(at) }),
    };
  };
  if (!batch) return reply(unprocessable, { code: 'AR', reason: 'only ORU^R01 is taken' });
  if (batch.readings.length + batch.rejected.length === 0) return reply(200, { code: 'AA' });
  try {
    const { receipt, replayed } = await parts.receive(caller, batch, at);
    if (!replayed) parts.metrics.answered(receipt);
    return reply(200, { code: 'AA', rejected: receipt.rejected });
  } catch (err) {
    if (err instanceof NothingAccepted) return reply(unprocessable, { code: 'AE', rejected: err.receipt.rejected });
    throw err;
  }
}
