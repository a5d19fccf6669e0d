import { Injectable } from '@nestjs/common';
import { isTenantTx, type PublicTx, type TenantTx } from '@hms/database';
import type { FieldCipher } from '@hms/encryption';
import type { Actor } from '../access/actor.js';
import type { IdempotencyClaim } from './idempotency-claim.js';
import { idempotencyError } from './idempotency.errors.js';
import { IdempotencyRepository, type KeyOwner } from './idempotency.repository.js';

export const keptForMs = 72 * 3_600_000;

/** A request's claim, and what seals its answer: the cipher of the hospital or, for shared tables, of the platform. */
export interface Keeping {
  readonly claim: IdempotencyClaim;
  readonly cipher: FieldCipher;
}

/** Ends a unit of work whose effect an earlier request had; carries what that one was answered. */
export class Replay extends Error {
  constructor(readonly answer: unknown) {
    super('answered before');
  }
}

/**
 * The key of a request is kept in the transaction of its effect: both are there or neither is, whatever crashes. The
 * answer is JSON, so a repetition is byte for byte what the first request was sent; it is sealed, because it may say
 * what is stored sealed only, or a secret that is shown once.
 */
@Injectable()
export class IdempotencyKeys {
  constructor(private readonly keys: IdempotencyRepository) {}

  /**
   * Takes the key for this transaction.
   * @throws {@link Replay} when the effect has happened, `idempotency.in-flight` or `idempotency.key-reused`
   */
  async take(tx: TenantTx | PublicTx, actor: Actor, { claim, cipher }: Keeping, now: Date): Promise<void> {
    const owner = ownerOf(actor, claim);
    if (!(await this.keys.lock(tx, owner))) throw idempotencyError('idempotency.in-flight');
    const earlier = await this.keys.find(tx, owner);
    if (!earlier) return;
    if (earlier.expiresAt <= now) return this.keys.delete(tx, owner);
    if (!Buffer.from(earlier.fingerprint).equals(claim.fingerprint)) throw idempotencyError('idempotency.key-reused');
    throw new Replay(JSON.parse(cipher.open(placeOf(tx, owner), earlier.responseSealed)));
  }

  /** Keeps what the effect is answered with. */
  async keep(tx: TenantTx | PublicTx, actor: Actor, { claim, cipher }: Keeping, answer: unknown): Promise<void> {
    const owner = ownerOf(actor, claim);
    const responseSealed = cipher.seal(placeOf(tx, owner), JSON.stringify(answer ?? null));
    const expiresAt = new Date(Date.now() + keptForMs);
    await this.keys.insert(tx, owner, { fingerprint: claim.fingerprint, responseSealed, expiresAt });
  }
}

const ownerOf = ({ hospital, userId, origin }: Actor, { key }: IdempotencyClaim): KeyOwner => ({
  scope: hospital?.id ?? 'platform',
  actorId: userId,
  operation: origin.operation,
  key,
});

const placeOf = (tx: TenantTx | PublicTx, { scope, actorId, operation, key }: KeyOwner) => ({
  table: 'idempotency_key',
  column: 'response_sealed',
  rowId: [...(isTenantTx(tx) ? [] : [scope]), actorId, operation, key].join('/'),
});
