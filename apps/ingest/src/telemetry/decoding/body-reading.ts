import type { Caller } from '../../gateways/caller.js';
import type { Hospital } from '../../hospitals/hospital.js';
import type { RequestHead, Route } from '../../http/route.js';
import { type BatchFormat, type BatchOf, decodeAs, type DecodingJob, type Reader } from './decoding-job.js';

/** Decodes in another thread. @throws AppError as decoding does, and 503 */
export type DecodeApart = <Format extends BatchFormat>(
  hospital: Hospital,
  job: DecodingJob<Format>,
) => Promise<BatchOf[Format]>;

export interface ReadingParts {
  readonly decodeApart: DecodeApart;
  /** Milliseconds since 1970. */
  readonly now: () => number;
}

/** A batch and when it came, in milliseconds since 1970. */
export interface Arrival<Format extends BatchFormat = 'body'> {
  readonly batch: BatchOf[Format];
  readonly at: number;
  readonly head: RequestHead;
}

/** From here on a body takes longer to read than its handing over to another thread: some 500 readings. */
export const largeBytes = 64 * 1024;
/** A Bundle says little in many bytes, and takes longer. */
export const largeBundleBytes = 32 * 1024;

export interface BodySizes {
  readonly maxBytes: number;
  readonly large?: number;
}

/** How a route reads its bodies: small ones at once, large ones beside the event loop. */
export function bodyReading<Format extends BatchFormat>(
  { decodeApart, now }: ReadingParts,
  { maxBytes, large = largeBytes }: BodySizes,
  readerOf: (head: RequestHead) => Reader<Format>,
): Pick<Route<Caller, Arrival<Format>>, 'maxBytes' | 'decode' | 'apart'> {
  return {
    maxBytes,
    decode: (body, head) => {
      const at = now();
      return { batch: decodeAs(readerOf(head), body, head, at), at, head };
    },
    apart: {
      above: large,
      decode: async ({ hospital }, body, head) => {
        const at = now();
        const { contentType, contentEncoding, query, idempotencyKey } = head;
        const stated = { contentType, contentEncoding, query, idempotencyKey };
        const batch = await decodeApart(hospital, { reader: readerOf(head), ...stated, maxBytes, at, body });
        return { batch, at, head };
      },
    },
  };
}
