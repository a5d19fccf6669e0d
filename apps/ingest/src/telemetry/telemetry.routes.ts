import { type TelemetryReceipt } from '@hms/contracts';
import type { Caller } from '../gateways/caller.js';
import type { Hl7Sources } from '../gateways/hl7-sources.js';
import { endpoint, type Endpoint } from '../http/endpoint.js';
import type { Gate, RequestHead } from '../http/route.js';
import { type Arrival, bodyReading, type DecodeApart } from './decoding/body-reading.js';
import type { Explanation } from './explanation.js';
import { bodyTypes } from './formats/decode.js';
import type { AckCode } from './formats/hl7/ack.js';
import type { Answer } from './submission.js';
import type { TelemetryBatch } from './telemetry-batch.js';

export interface TelemetryRouteParts {
  /** @param address of who sends, where that is known: asked for at once, if at all */
  readonly authenticate: (header: string, address?: () => string) => Caller | Promise<Caller>;
  readonly gate: Gate<Caller>;
  /** Counts what became of the readings. */
  readonly receive: (caller: Caller, batch: TelemetryBatch, receivedMs: number) => Promise<Answer>;
  readonly explain: (caller: Caller, batch: TelemetryBatch, receivedMs: number) => Promise<Explanation>;
  readonly hl7Sources: Pick<Hl7Sources, 'callerOf' | 'zoneOf'>;
  readonly metrics: TelemetryMetrics;
  readonly decodeApart: DecodeApart;
  /** Milliseconds since 1970. */
  readonly now: () => number;
}

export interface TelemetryMetrics {
  clockOffset(ms: number): void;
  answered(receipt: TelemetryReceipt): void;
  /** An HL7 message was. */
  acknowledged(code: AckCode): void;
}

const maxBytes = 4 * 1024 * 1024;
/** Longer than a submission is kept, so that it is the store that says what became of it. */
const deadlineMs = 15_000;

const replayedBefore = [['Idempotent-Replay', 'true']] as const;
/** RFC 7240 §4.2. */
const minimal = /(?:^|[,;]\s*)return\s*=\s*"?minimal"?\s*(?:[,;]|$)/i;
const minimalApplied = [['Preference-Applied', 'return=minimal']] as const;

export function telemetryRoutes(parts: TelemetryRouteParts): Endpoint[] {
  const access = {
    by: 'gateway-key',
    authenticate: ({ authorization, address }: RequestHead) => parts.authenticate(authorization, address),
  } as const;
  const { gate } = parts;
  return [
    endpoint<Caller, Arrival>({
      ...{ method: 'POST', path: '/telemetry', access, accepts: bodyTypes, deadlineMs, gate },
      ...bodyReading(parts, { maxBytes }, () => ({ format: 'body' })),
      handle: async (caller, { batch, at, head }) => {
        if (batch.clockOffsetMs !== undefined) parts.metrics.clockOffset(batch.clockOffsetMs);
        const { receipt, replayed } = await parts.receive(caller, batch, at);
        const headers = replayed ? replayedBefore : [];
        if (receipt.rejectedTotal > 0 || !minimal.test(head.prefer)) return { status: 200, body: receipt, headers };
        return { status: 204, body: '', headers: [...headers, ...minimalApplied] };
      },
    }),
  ];
}
