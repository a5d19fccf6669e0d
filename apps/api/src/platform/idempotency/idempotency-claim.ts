import { createHash } from 'node:crypto';
import type { FastifyRequest } from 'fastify';
import { idempotencyError } from './idempotency.errors.js';

const nothing = Symbol('nothing');
/** The draft's quoted string, or the bare token most clients send. */
const form = /^(?:"([\x21\x23-\x5b\x5d-\x7e]{1,200})"|([\x21\x23-\x7e]{1,200}))$/;

/** One idempotent request: what it may do once, and what became of it. */
export class IdempotencyClaim {
  #kept: unknown = nothing;
  /** The effect happened through an earlier request. */
  replayed = false;

  constructor(
    readonly key: string,
    /** SHA-256 of what was asked for: the same key with another one is a mistake of the client. */
    readonly fingerprint: Uint8Array<ArrayBuffer>,
  ) {}

  /** Whether a unit of work has used it. */
  get spent(): boolean {
    return this.#kept !== nothing;
  }

  /** Remembers what is kept as the answer. */
  keep(result: unknown): void {
    this.#kept = result;
  }

  /** Whether this is the answer that was kept. */
  answers(result: unknown): boolean {
    return this.#kept === result;
  }
}

/** @throws `idempotency.key-required` or `idempotency.key-malformed` */
export function claimOf({
  headers,
  params,
  body,
}: Pick<FastifyRequest, 'headers' | 'params' | 'body'>): IdempotencyClaim {
  const header = headers['idempotency-key'];
  if (header === undefined) throw idempotencyError('idempotency.key-required');
  const [, quoted, bare] = form.exec(String(header).trim()) ?? [];
  const key = quoted ?? bare;
  if (key === undefined) throw idempotencyError('idempotency.key-malformed');
  const asked = JSON.stringify([params, body]);
  return new IdempotencyClaim(key, Uint8Array.from(createHash('sha256').update(asked).digest()));
}
