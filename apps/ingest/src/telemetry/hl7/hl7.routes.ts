import type { Caller } from '../../gateways/caller.js';
import { endpoint, type Endpoint } from '../../http/endpoint.js';
import type { RequestHead } from '../../http/route.js';
import type { TelemetryRouteParts } from '../telemetry.routes.js';
import { maxMessageBytes, readMessage, receiveMessage, type Message } from './hl7-receiver.js';

export const hl7Types: readonly string[] = ['application/hl7-v2', 'application/hl7-v2+er7', 'x-application/hl7-v2+er7'];
const contentType = 'application/hl7-v2; charset=utf-8';

/**
 * HL7 v2 observations over HTTP, one message a request, as interface engines send them. The answer is an acknowledgement:
 * `AA` (200) once everything that can be stored is committed, with a warning for each entry that cannot; 422 otherwise.
 */
export const hl7Routes = (parts: TelemetryRouteParts): Endpoint[] => [
  endpoint<Caller, Message>({
    method: 'POST',
    path: '/telemetry/hl7',
    access: {
      by: 'gateway-key',
      authenticate: ({ authorization, address }: RequestHead) => parts.authenticate(authorization, address),
    },
    accepts: hl7Types,
    maxBytes: maxMessageBytes,
    deadlineMs: 15_000,
    gate: parts.gate,
    decode: (body, { idempotencyKey }) => readMessage(body, parts.now(), idempotencyKey),
    handle: async (caller, message) => {
      const { code, text } = await receiveMessage(parts, caller, message);
      parts.metrics.acknowledged(code);
      return { status: code === 'AA' ? 200 : 422, contentType, body: text };
    },
  }),
];
