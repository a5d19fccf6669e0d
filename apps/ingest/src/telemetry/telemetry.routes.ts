import { type TelemetryReceipt } from '@hms/contracts';
import type { Caller } from '../gateways/caller.js';
import { endpoint, type Endpoint } from '../http/endpoint.js';
import { mediaType } from '../http/exchange.js';
import type { Gate, RequestHead } from '../http/route.js';
import { bodyText } from './formats/body-text.js';
import type { Received } from './formats/envelope.js';
import { decodeJson } from './formats/json.js';
import { decodeNdjson } from './formats/ndjson.js';
import { decodeSenml } from './formats/senml.js';
import type { Answer } from './submission.js';
import type { TelemetryBatch } from './telemetry-batch.js';

export interface TelemetryRouteParts {
  readonly authenticate: (header: string) => Caller | Promise<Caller>;
  readonly gate: Gate;
  readonly receive: (caller: Caller, batch: TelemetryBatch, receivedMs: number) => Promise<Answer>;
  readonly metrics: TelemetryMetrics;
  /** Milliseconds since 1970. */
  readonly now: () => number;
}

export interface TelemetryMetrics {
  clockOffset(ms: number): void;
  answered(receipt: TelemetryReceipt): void;
}

/** A batch and when it came, in milliseconds since 1970. */
export interface Arrival {
  readonly batch: TelemetryBatch;
  readonly at: number;
}

/** By media type. */
const decoders: Readonly<Record<string, (text: string, received: Received) => TelemetryBatch>> = {
  'application/json': decodeJson,
  'application/vnd.hms.telemetry+json': decodeJson,
  'application/x-ndjson': decodeNdjson,
  'application/senml+json': decodeSenml,
};

export const telemetryRoutes = (parts: TelemetryRouteParts): Endpoint[] => [
  endpoint<Caller, Arrival>({
    method: 'POST',
    path: '/telemetry',
    access: { by: 'gateway-key', authenticate: ({ authorization }) => parts.authenticate(authorization) },
    accepts: Object.keys(decoders),
    maxBytes: 4 * 1024 * 1024,
    // Longer than a submission is kept, so that it is the store that says what became of it.
    deadlineMs: 15_000,
    gate: parts.gate,
    decode: (body, { contentType, idempotencyKey }: RequestHead) => {
      const at = parts.now();
      const decode = decoders[mediaType(contentType)] ?? decodeJson;
      return { batch: decode(bodyText(body), { at, idempotencyKey }), at };
    },
    handle: async (caller, { batch, at }) => {
      if (batch.clockOffsetMs !== undefined) parts.metrics.clockOffset(batch.clockOffsetMs);
      const { receipt, replayed } = await parts.receive(caller, batch, at);
      if (replayed) return { status: 200, body: receipt, headers: [['Idempotent-Replay', 'true']] };
      parts.metrics.answered(receipt);
      return { status: 200, body: receipt };
    },
  }),
];
