import { Injectable } from '@nestjs/common';
import { HospitalDatabase, type PublicTx, type TenantTx } from '@hms/database';
import type { Actor, HospitalActor } from '../access/actor.js';
import { AuditTrail } from '../audit/audit-trail.service.js';
import { IdempotencyKeys } from '../idempotency/idempotency-keys.service.js';

/**
 * The one way a request changes anything: a read-committed transaction that holds its effect, its idempotency key, its
 * events and its audit record, all of them or none. PostgreSQL's victims (40001, 40P01) are repeated, so `work` has no
 * effect but through `tx`; calls over the network inside are refused.
 */
@Injectable()
export class UnitOfWork {
  constructor(
    private readonly database: HospitalDatabase,
    private readonly idempotency: IdempotencyKeys,
    private readonly audit: AuditTrail,
  ) {}

  /** Changes the actor's hospital. */
  async inHospital<T>(actor: HospitalActor, work: (tx: TenantTx) => Promise<T>): Promise<T> {
    return this.#finish(actor, await this.database.inHospital(actor.hospital, (tx) => this.#run(tx, actor, work)));
  }

  /** Changes what hospitals share: users, sessions, gateways. */
  async inPublic<T>(actor: Actor, work: (tx: PublicTx) => Promise<T>): Promise<T> {
    return this.#finish(actor, await this.database.inPublic((tx) => this.#run(tx, actor, work)));
  }

  async #run<Tx extends TenantTx | PublicTx, T>(tx: Tx, actor: Actor, work: (tx: Tx) => Promise<T>): Promise<T> {
    const claim = actor.origin.idempotency;
    if (claim?.spent) throw new Error('an idempotent request has one unit of work');
    if (claim) await this.idempotency.take(tx, actor, claim, new Date());
    const result = await work(tx);
    await this.audit.recordWrite(tx, actor, result);
    if (claim) await this.idempotency.keep(tx, actor, claim, result);
    return result;
  }

  #finish<T>(actor: Actor, result: T): T {
    actor.origin.idempotency?.keep(result);
    return result;
  }
}
