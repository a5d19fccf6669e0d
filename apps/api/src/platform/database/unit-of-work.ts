import { Injectable } from '@nestjs/common';
import { tagsOf, type DomainEvent } from '@hms/contracts';
import { HospitalDatabase, type PublicTx, type TenantTx } from '@hms/database';
import type { FieldCipher } from '@hms/encryption';
import type { Actor, HospitalActor } from '../access/actor.js';
import { AuditTrail } from '../audit/audit-trail.service.js';
import { Cache } from '../cache/cache.service.js';
import { Encryption } from '../encryption/encryption.service.js';
import { Outbox } from '../events/outbox.service.js';
import { IdempotencyKeys, type Keeping } from '../idempotency/idempotency-keys.service.js';

interface Outcome<T> {
  readonly result: T;
  readonly events: readonly DomainEvent[];
}

/**
 * The one way a request changes anything: a read-committed transaction that holds its effect, its idempotency key, its
 * events and its audit record, all of them or none. PostgreSQL's victims (40001, 40P01) are repeated, so `work` has no
 * effect but through `tx`; calls over the network inside are refused. When it resolves, no cache answers what was there
 * before.
 */
@Injectable()
export class UnitOfWork {
  constructor(
    private readonly database: HospitalDatabase,
    private readonly idempotency: IdempotencyKeys,
    private readonly encryption: Encryption,
    private readonly audit: AuditTrail,
    private readonly outbox: Outbox,
    private readonly cache: Cache,
  ) {}

  /** Changes the actor's hospital. */
  async inHospital<T>(actor: HospitalActor, work: (tx: TenantTx) => Promise<T>): Promise<T> {
    const keeping = await this.#keeping(actor, () => this.encryption.forHospital(actor.hospital));
    const attempt = (tx: TenantTx): Promise<Outcome<T>> => this.#run(tx, actor, keeping, work);
    return this.#finish(keeping, await this.database.inHospital(actor.hospital, attempt));
  }

  /** Changes what hospitals share: users, sessions, gateways. */
  async inPublic<T>(actor: Actor, work: (tx: PublicTx) => Promise<T>): Promise<T> {
    const keeping = await this.#keeping(actor, () => this.encryption.forPlatform());
    const attempt = (tx: PublicTx): Promise<Outcome<T>> => this.#run(tx, actor, keeping, work);
    return this.#finish(keeping, await this.database.inPublic(attempt));
  }

  async #keeping(actor: Actor, cipher: () => Promise<FieldCipher>): Promise<Keeping | undefined> {
    const claim = actor.origin.idempotency;
    if (claim?.spent) throw new Error('an idempotent request has one unit of work');
    return claim && { claim, cipher: await cipher() };
  }

  async #run<Tx extends TenantTx | PublicTx, T>(
    tx: Tx,
    actor: Actor,
    keeping: Keeping | undefined,
    work: (tx: Tx) => Promise<T>,
  ): Promise<Outcome<T>> {
    if (keeping) await this.idempotency.take(tx, actor, keeping, new Date());
    const result = await work(tx);
    await this.audit.recordWrite(tx, actor, result);
    if (keeping) await this.idempotency.keep(tx, actor, keeping, result);
    return { result, events: this.outbox.eventsOf(tx) };
  }

  async #finish<T>(keeping: Keeping | undefined, { result, events }: Outcome<T>): Promise<T> {
    keeping?.claim.keep(result);
    if (events.length > 0) this.outbox.wakeRelay();
    for (const hospitalId of new Set(events.map((event) => event.hospitalId))) {
      const own = events.filter((event) => event.hospitalId === hospitalId);
      await this.cache.invalidate(hospitalId, own.flatMap(tagsOf));
    }
    return result;
  }
}
