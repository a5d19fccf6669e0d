import { gunzipSync } from 'node:zlib';
import { commonError } from '@hms/contracts';
import type { HttpResponse } from 'uWebSockets.js';

export interface BodyEvents {
  /** Called once, with bytes that are valid during the call only. */
  readonly whole: (body: Uint8Array) => void;
  /** Called once, instead; what still comes is ignored. */
  readonly tooLarge: () => void;
}

/** Collects a body of at most `maxBytes`. A body that comes in one piece, as most do, is not copied. */
export function readBody(response: HttpResponse, maxBytes: number, { whole, tooLarge }: BodyEvents): void {
  let chunks: Buffer[] = [];
  let size = 0;
  response.onData((chunk, isLast) => {
    const fitted = size <= maxBytes;
    size += chunk.byteLength;
    if (size > maxBytes) {
      chunks = [];
      if (fitted) tooLarge();
    } else if (isLast && chunks.length === 0) {
      whole(new Uint8Array(chunk));
    } else {
      // uWebSockets.js takes the chunk back when this callback returns.
      chunks.push(Buffer.from(new Uint8Array(chunk)));
      if (isLast) whole(Buffer.concat(chunks, size));
    }
  });
}

/** Undoes the content encoding. A compressed body may hold no more than an uncompressed one. */
export function decompress(body: Uint8Array, encoding: string, maxBytes: number): Uint8Array {
  if (encoding === '') return body;
  try {
    return gunzipSync(body, { maxOutputLength: maxBytes });
  } catch (cause) {
    const bomb = cause instanceof RangeError;
    throw commonError(bomb ? 'body.too-large' : 'request.malformed', {
      detail: bomb ? '' : 'The body is not gzip.',
      cause,
    });
  }
}
