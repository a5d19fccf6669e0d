import { Injectable } from '@nestjs/common';
import { isTenantTx, schemaSql, TenantPrisma, type PublicTx, type TenantTx } from '@hms/database';

/** Whose key of which operation; no two hospitals and no two users share any. */
export interface KeyOwner {
  /** Id of the hospital acted in, or `platform`. */
  readonly scope: string;
  readonly actorId: string;
  readonly operation: string;
  readonly key: string;
}

export interface KeptAnswer {
  readonly fingerprint: Uint8Array<ArrayBuffer>;
  readonly responseSealed: string;
  readonly expiresAt: Date;
}

/** Deleted in one transaction: few enough for its time limit. */
const batch = 5_000;

const columns = TenantPrisma.raw('actor_id, operation, key, fingerprint, response_sealed, expires_at');
const kept = { fingerprint: true, responseSealed: true, expiresAt: true } as const;

/** The keys of a hospital's writes are in its own schema, those of writes to shared tables in the shared one. */
@Injectable()
export class IdempotencyRepository {
  /** False when another transaction holds the key; true keeps others out until this one ends, however it ends. */
  async lock(tx: TenantTx | PublicTx, { scope, actorId, operation, key }: KeyOwner): Promise<boolean> {
    const name = [scope, actorId, operation, key].join('\n');
    const [row] = await tx.$queryRaw<{ locked: boolean }[]>`
      select pg_try_advisory_xact_lock(hashtextextended(${name}, 0)) as locked`;
    return row?.locked === true;
  }

  find(tx: TenantTx | PublicTx, { scope, ...own }: KeyOwner): Promise<KeptAnswer | null> {
    if (isTenantTx(tx)) return tx.idempotencyKey.findFirst({ where: own, select: kept });
    return tx.idempotencyKey.findFirst({ where: { scope, ...own }, select: kept });
  }

  async insert(
    tx: TenantTx | PublicTx,
    { scope, actorId, operation, key }: KeyOwner,
    answer: KeptAnswer,
  ): Promise<void> {
    const { fingerprint, responseSealed, expiresAt } = answer;
    const values = TenantPrisma.sql`${actorId}::uuid, ${operation}, ${key}, ${fingerprint}, ${responseSealed}, ${expiresAt}`;
    // In SQL, because Prisma would compile a createMany anew each time: half of what a key costs.
    if (isTenantTx(tx)) {
      await tx.$executeRaw`insert into ${schemaSql(tx.hospital)}.idempotency_key (${columns}) values (${values})`;
    } else {
      await tx.$executeRaw`insert into public.idempotency_key (scope, ${columns}) values (${scope}, ${values})`;
    }
  }

  async delete(tx: TenantTx | PublicTx, { scope, ...own }: KeyOwner): Promise<void> {
    if (isTenantTx(tx)) await tx.idempotencyKey.deleteMany({ where: own });
    else await tx.idempotencyKey.deleteMany({ where: { scope, ...own } });
  }

  /** Deletes some of the keys that have expired, and says how many: 0 when none are left. */
  deleteExpired(tx: TenantTx | PublicTx, now: Date): Promise<number> {
    const schema = isTenantTx(tx) ? schemaSql(tx.hospital) : TenantPrisma.raw('public');
    return tx.$executeRaw`
      delete from ${schema}.idempotency_key where ctid = any (array(
        select ctid from ${schema}.idempotency_key where expires_at <= ${now} limit ${batch}))`;
  }
}
