import { Injectable } from '@nestjs/common';
import type { PublicTx, TenantTx } from '@hms/database';
import type { Actor } from '../access/actor.js';
import type { IdempotencyClaim } from './idempotency-claim.js';
import { idempotencyError } from './idempotency.errors.js';
import { IdempotencyRepository, type KeyOwner } from './idempotency.repository.js';

export const keptForMs = 72 * 3_600_000;

/** Ends a unit of work whose effect an earlier request had; carries what that one was answered. */
export class Replay extends Error {
  constructor(readonly answer: unknown) {
    super('answered before');
  }
}

/**
 * The key of a request is kept in the transaction of its effect: both are there or neither is, whatever crashes. The
 * answer is JSON, so a repetition is byte for byte what the first request was sent.
 */
@Injectable()
export class IdempotencyKeys {
  constructor(private readonly keys: IdempotencyRepository) {}

  /**
   * Takes the key for this transaction.
   * @throws {@link Replay} when the effect has happened, `idempotency.in-flight` or `idempotency.key-reused`
   */
  async take(tx: TenantTx | PublicTx, actor: Actor, claim: IdempotencyClaim, now: Date): Promise<void> {
    const owner = ownerOf(actor, claim);
    if (!(await this.keys.lock(tx, owner))) throw idempotencyError('idempotency.in-flight');
    const earlier = await this.keys.find(tx, owner);
    if (!earlier) return;
    if (earlier.expiresAt <= now) return this.keys.delete(tx, owner);
    if (!Buffer.from(earlier.fingerprint).equals(claim.fingerprint)) throw idempotencyError('idempotency.key-reused');
    throw new Replay(JSON.parse(earlier.response));
  }

  /** Keeps what the effect is answered with. */
  async keep(
    tx: TenantTx | PublicTx,
    actor: Actor,
    { key, fingerprint }: IdempotencyClaim,
    answer: unknown,
  ): Promise<void> {
    const expiresAt = new Date(Date.now() + keptForMs);
    const response = JSON.stringify(answer ?? null);
    await this.keys.insert(tx, ownerOf(actor, { key }), { fingerprint, response, expiresAt });
  }
}

const ownerOf = ({ hospital, userId, origin }: Actor, { key }: Pick<IdempotencyClaim, 'key'>): KeyOwner => ({
  scope: hospital?.id ?? 'platform',
  actorId: userId,
  operation: origin.operation,
  key,
});
