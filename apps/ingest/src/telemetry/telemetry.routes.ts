import { type TelemetryReceipt } from '@hms/contracts';
import type { Caller } from '../gateways/caller.js';
import type { Hl7Sources } from '../gateways/hl7-sources.js';
import { endpoint, type Endpoint } from '../http/endpoint.js';
import { mediaType } from '../http/exchange.js';
import type { Gate, RequestHead } from '../http/route.js';
import type { Explanation } from './explanation.js';
import { bodyTypes, bundleType, decodeBody, decodeFhir, decodeLines, lineTypes } from './formats/decode.js';
import type { Answer } from './submission.js';
import type { TelemetryBatch } from './telemetry-batch.js';

export interface TelemetryRouteParts {
  readonly authenticate: (header: string) => Caller | Promise<Caller>;
  readonly gate: Gate<Caller>;
  readonly receive: (caller: Caller, batch: TelemetryBatch, receivedMs: number) => Promise<Answer>;
  readonly explain: (caller: Caller, batch: TelemetryBatch, receivedMs: number) => Promise<Explanation>;
  readonly hl7Sources: Pick<Hl7Sources, 'callerOf' | 'zoneOf'>;
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

const maxBytes = 4 * 1024 * 1024;
/** Longer than a submission is kept, so that it is the store that says what became of it. */
const deadlineMs = 15_000;

export function telemetryRoutes(parts: TelemetryRouteParts): Endpoint[] {
  const access = {
    by: 'gateway-key',
    authenticate: ({ authorization }: RequestHead) => parts.authenticate(authorization),
  } as const;
  const { gate } = parts;
  return [
    endpoint<Caller, Arrival>({
      ...{ method: 'POST', path: '/telemetry', access, accepts: bodyTypes, maxBytes, deadlineMs, gate },
      decode: (body, head) => {
        const at = parts.now();
        return { batch: decodeBody(body, head, at), at };
      },
      handle: async (caller, { batch, at }) => {
        if (batch.clockOffsetMs !== undefined) parts.metrics.clockOffset(batch.clockOffsetMs);
        const { receipt, replayed } = await parts.receive(caller, batch, at);
        if (replayed) return { status: 200, body: receipt, headers: [['Idempotent-Replay', 'true']] };
        parts.metrics.answered(receipt);
        return { status: 200, body: receipt };
      },
    }),
    endpoint<Caller, Arrival>({
      ...{ method: 'POST', path: '/telemetry/explain', access, maxBytes, deadlineMs, gate },
      accepts: [...bodyTypes, ...lineTypes, bundleType],
      decode: (body, head) => {
        const at = parts.now();
        return { batch: decoderOf(head)(body, head, at), at };
      },
      handle: async (caller, { batch, at }) => ({ status: 200, body: await parts.explain(caller, batch, at) }),
    }),
  ];
}

function decoderOf({ contentType }: RequestHead): typeof decodeBody {
  const type = mediaType(contentType);
  if (type === bundleType) return decodeFhir;
  return bodyTypes.includes(type) ? decodeBody : decodeLines;
}
