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
  const owned = new GrowingBuffer();
  response.onData((chunk, isLast) => {
    if (owned.size > maxBytes) return;
    const bytes = new Uint8Array(chunk);
    if (isLast && owned.size === 0 && bytes.length <= maxBytes) {
      whole(bytes);
      return;
    }
    owned.append(bytes);
    if (owned.size > maxBytes) tooLarge();
    else if (isLast) whole(owned.bytes);
  });
}

/** uWebSockets.js takes each chunk back when its callback returns; one buffer for all, however small they are. */
class GrowingBuffer {
  #buffer = Buffer.alloc(0);
  #size = 0;

  get size(): number {
    return this.#size;
  }

  get bytes(): Uint8Array {
    return this.#buffer.subarray(0, this.#size);
  }

  append(bytes: Uint8Array): void {
    const needed = this.#size + bytes.length;
    if (needed > this.#buffer.length) {
      const larger = Buffer.allocUnsafe(Math.max(needed, this.#buffer.length * 2));
      this.#buffer.copy(larger, 0, 0, this.#size);
      this.#buffer = larger;
    }
    this.#buffer.set(bytes, this.#size);
    this.#size = needed;
  }
}

/** Undoes the content encoding. A compressed body may hold no more than an uncompressed one. */
export function decompress(body: Uint8Array, encoding: string, maxBytes: number): Uint8Array {
  if (encoding !== 'gzip') return body;
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
