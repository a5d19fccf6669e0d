import { commonError } from '@hms/contracts';
import { mediaType } from '../../http/exchange.js';
import type { RequestHead } from '../../http/route.js';
import type { TelemetryBatch } from '../telemetry-batch.js';
import { bodyText } from './body-text.js';
import type { Received } from './envelope.js';
import { decodeBundle, type FhirBundle } from './fhir/bundle.js';
import { decodeJson } from './json.js';
import { decodeLineProtocol } from './line-protocol/decode.js';
import { isPrecision, type Precision } from './line-protocol/precision.js';
import { decodeNdjson } from './ndjson.js';
import { decodeSenml } from './senml.js';

/** What of a request's head says how its body is read. */
export type BodyHead = Pick<RequestHead, 'contentType' | 'query' | 'idempotencyKey'>;

type Decoder = (text: string, received: Received) => TelemetryBatch;

/** By media type: what `/telemetry` takes. */
const decoders: Readonly<Record<string, Decoder>> = {
  'application/json': decodeJson,
  'application/vnd.hms.telemetry+json': decodeJson,
  'application/x-ndjson': decodeNdjson,
  'application/senml+json': decodeSenml,
};

export const bodyTypes: readonly string[] = Object.keys(decoders);
/** Nearly every client of InfluxDB says `text/plain`; curl and old ones say something else, or nothing. */
export const lineTypes: readonly string[] = [
  'text/plain',
  'application/octet-stream',
  'application/x-www-form-urlencoded',
  '',
];
export const bundleType = 'application/fhir+json';
export const linePrecisions: readonly Precision[] = ['ns', 'n', 'us', 'u', 'ms', 's', 'm', 'h'];

/**
 * Reads a body of one of {@link bodyTypes}.
 * @param at milliseconds since 1970
 * @throws AppError when it is no batch
 */
export function decodeBody(body: Uint8Array, { contentType, idempotencyKey }: BodyHead, at: number): TelemetryBatch {
  const decode = decoders[mediaType(contentType)] ?? decodeJson;
  return decode(bodyText(body), { at, idempotencyKey });
}

/** Reads a Bundle of Observations. @throws AppError when it is none */
export const decodeFhir = (body: Uint8Array, { idempotencyKey }: BodyHead, at: number): FhirBundle =>
  decodeBundle(bodyText(body), { at, idempotencyKey });

/**
 * Reads a body of lines, in the precision the query states, or else nanoseconds.
 * @throws AppError when it is no batch, or when the precision is not one of `known`
 */
export function decodeLines(
  body: Uint8Array,
  { query, idempotencyKey }: BodyHead,
  at: number,
  known: readonly Precision[] = linePrecisions,
): TelemetryBatch {
  const precision = new URLSearchParams(query).get('precision') ?? 'ns';
  if (isPrecision(precision) && known.includes(precision)) {
    return decodeLineProtocol(bodyText(body), { at, idempotencyKey }, precision);
  }
  const errors = [{ field: 'precision', code: 'unknown', message: `must be one of ${known.join(', ')}` }];
  throw commonError('request.invalid', { errors });
}
