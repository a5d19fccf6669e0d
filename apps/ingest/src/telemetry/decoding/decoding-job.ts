import { decompress } from '../../http/body.js';
import { type BodyHead, decodeBody, decodeFhir, decodeLines } from '../formats/decode.js';
import type { FhirBundle } from '../formats/fhir/bundle.js';
import type { Precision } from '../formats/line-protocol/precision.js';
import type { TelemetryBatch } from '../telemetry-batch.js';

/** What a body is read as, and what comes of it. */
export interface BatchOf {
  readonly body: TelemetryBatch;
  readonly lines: TelemetryBatch;
  readonly bundle: FhirBundle;
}

export type BatchFormat = keyof BatchOf;

/** How a body is to be read, wherever that is done. */
export interface Reader<Format extends BatchFormat = BatchFormat> {
  readonly format: Format;
  /** Of lines: those the query may state, when not all. */
  readonly precisions?: readonly Precision[] | undefined;
}

/** All there is to know to read a body, in a form that can go to another thread. */
export interface DecodingJob<Format extends BatchFormat = BatchFormat> extends BodyHead {
  readonly reader: Reader<Format>;
  readonly contentEncoding: string;
  /** Of the body once its encoding is undone. */
  readonly maxBytes: number;
  /** When it came, in milliseconds since 1970. */
  readonly at: number;
  readonly body: Uint8Array<ArrayBuffer>;
}

type Decode<Format extends BatchFormat> = (
  body: Uint8Array,
  head: BodyHead,
  at: number,
  precisions: readonly Precision[] | undefined,
) => BatchOf[Format];

const decoders: { readonly [Format in BatchFormat]: Decode<Format> } = {
  body: decodeBody,
  lines: decodeLines,
  bundle: decodeFhir,
};

/** @throws AppError when it is no batch */
export const decodeAs = <Format extends BatchFormat>(
  { format, precisions }: Reader<Format>,
  body: Uint8Array,
  head: BodyHead,
  at: number,
): BatchOf[Format] => decoders[format](body, head, at, precisions);

/** @throws AppError when it is no batch, or cannot be decompressed */
export function decodeJob<Format extends BatchFormat>(job: DecodingJob<Format>): BatchOf[Format] {
  const body = decompress(job.body, job.contentEncoding, job.maxBytes);
  return decodeAs(job.reader, body, job, job.at);
}
