import { gunzipSync } from 'node:zlib';
import { commonError } from '@hms/contracts';
import type { HttpResponse } from 'uWebSockets.js';

export interface BodyEvents {
  /** Called once. Bytes that are not `owned` are valid during the call only. */
  readonly whole: (body: Uint8Array<ArrayBuffer>, owned: boolean) => void;
  /** Called once, instead; what still comes is ignored. */
  readonly tooLarge: () => void;
}

export interface BodySize {
  readonly maxBytes: number;
  /** As the client states it. */
  readonly expected: number | undefined;
}

/** Collects a body of at most `maxBytes`. A body that comes in one piece, as most do, is not copied. */
export function readBody(
  response: HttpResponse,
  { maxBytes, expected = 0 }: BodySize,
  { whole, tooLarge }: BodyEvents,
): void {
  const owned = new GrowingBuffer(Math.min(expected, maxBytes));
  response.onData((chunk, isLast) => {
    if (owned.size > maxBytes) return;
    const bytes = new Uint8Array(chunk);
    if (isLast && owned.size === 0 && bytes.length <= maxBytes) {
      whole(bytes, false);
      return;
    }
    owned.append(bytes);
    if (owned.size > maxBytes) tooLarge();
    else if (isLast) whole(owned.bytes, true);
  });
}

/** uWebSockets.js takes each chunk back when its callback returns; one buffer for all, however small they are. */
class GrowingBuffer {
  #buffer = new Uint8Array(0);
  #size = 0;

  constructor(private readonly expected: number) {}

  get size(): number {
    return this.#size;
  }

  get bytes(): Uint8Array<ArrayBuffer> {
    return this.#buffer.subarray(0, this.#size);
  }

  append(bytes: Uint8Array): void {
    const needed = this.#size + bytes.length;
    if (needed > this.#buffer.length) {
      const larger = new Uint8Array(Math.max(needed, this.expected, this.#buffer.length * 2));
      larger.set(this.bytes);
      this.#buffer = larger;
    }
    this.#buffer.set(bytes, this.#size);
    this.#size = needed;
  }
}

/** Undoes the content encoding of a body that may hold `inflatedBytes`. */
export function decompress(body: Uint8Array, encoding: string, inflatedBytes: number): Uint8Array {
  const whole = encoding === 'gzip' ? gunzip(body, inflatedBytes) : body;
  if (!whole) throw commonError('body.too-large', { detail: '' });
  return whole;
}

/** Undoes the content encoding of a body that holds at most `limit` bytes; undefined for others. */
export function decompressSmall(body: Uint8Array, encoding: string, limit: number): Uint8Array | undefined {
  if (sizeOf(body, encoding) > limit) return undefined;
  return encoding === 'gzip' ? gunzip(body, limit) : body;
}

/** How much a body holds, as far as it tells: a gzip says so at its end (RFC 1952 §2.3.1), and may be wrong. */
export function sizeOf(body: Uint8Array, encoding: string): number {
  const { buffer, byteOffset, length } = body;
  if (encoding !== 'gzip' || length < 4) return length;
  return Math.max(length, new DataView(buffer, byteOffset + length - 4, 4).getUint32(0, true));
}

/** Undefined when it holds more than `maxBytes`. */
function gunzip(body: Uint8Array, maxBytes: number): Uint8Array | undefined {
  try {
    return gunzipSync(body, { maxOutputLength: maxBytes });
  } catch (cause) {
    if (isTooLarge(cause)) return undefined;
    throw commonError('request.malformed', { detail: 'The body is not gzip.', cause });
  }
}

const isTooLarge = (thrown: unknown): boolean =>
  typeof thrown === 'object' && thrown !== null && 'code' in thrown && thrown.code === 'ERR_BUFFER_TOO_LARGE';
