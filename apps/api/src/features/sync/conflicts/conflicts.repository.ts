import { Injectable } from '@nestjs/common';
import { schemaSql, TenantPrisma, type TenantTx } from '@hms/database';

export interface ConflictRow {
  readonly id: string;
  readonly opId: string;
  readonly deviceId: string;
  readonly userId: string;
  readonly entity: string;
  readonly rowId: string;
  readonly patientId: string;
  readonly kind: string;
  readonly code: string | null;
  readonly baseVersion: number | null;
  readonly rowVersion: number;
  readonly fields: unknown;
  readonly clientAt: Date;
  readonly skewMs: bigint;
  readonly createdAt: Date;
  readonly resolution: string | null;
  readonly resolvedAt: Date | null;
  readonly resolvedBy: string | null;
  readonly version: number;
  /** Where the patient lies now; null for one that is deleted, too. */
  readonly wardId: string | null;
}

export interface ConflictFilter {
  readonly state: 'open' | 'resolved';
  readonly entities: readonly string[];
  readonly userId: string | undefined;
  readonly wardId: string | undefined;
  readonly patientId: string | undefined;
}

export interface Closing {
  readonly resolution: string;
  readonly resolvedBy: string;
  readonly resolvedAt: Date;
}

const { sql, empty, raw } = TenantPrisma;
const columns = raw(`
  c.id, c.op_id as "opId", c.device_id as "deviceId", c.user_id as "userId", c.entity, c.row_id as "rowId",
  c.patient_id as "patientId", c.kind, c.code, c.base_version as "baseVersion", c.row_version as "rowVersion", c.fields,
  c.client_at as "clientAt", c.skew_ms as "skewMs", c.created_at as "createdAt", c.resolution,
  c.resolved_at as "resolvedAt", c.resolved_by as "resolvedBy", c.version, p.ward_id as "wardId"`);

/** Conflicts `c` with their patients `p`. */
const conflicts = (tx: TenantTx): TenantPrisma.Sql => {
  const schema = schemaSql(tx.hospital);
  return sql`${schema}.sync_conflict c left join ${schema}.patient p on p.id = c.patient_id and p.deleted_at is null`;
};

@Injectable()
export class ConflictsRepository {
  /** Newest first. */
  list(
    tx: TenantTx,
    { state, entities, userId, wardId, patientId }: ConflictFilter,
    before: string | undefined,
    take: number,
  ): Promise<ConflictRow[]> {
    return tx.$queryRaw<ConflictRow[]>`
      select ${columns} from ${conflicts(tx)}
       where c.resolution ${state === 'open' ? sql`is null` : sql`is not null`}
             and c.entity = any (${[...entities]}::text[])
             ${userId === undefined ? empty : sql`and c.user_id = ${userId}::uuid`}
             ${wardId === undefined ? empty : sql`and p.ward_id = ${wardId}::uuid`}
             ${patientId === undefined ? empty : sql`and c.patient_id = ${patientId}::uuid`}
             ${before === undefined ? empty : sql`and c.id < ${before}::uuid`}
       order by c.id desc limit ${take}`;
  }

  async find(tx: TenantTx, id: string): Promise<ConflictRow | undefined> {
    const [row] = await tx.$queryRaw<ConflictRow[]>`
      select ${columns} from ${conflicts(tx)} where c.id = ${id}::uuid`;
    return row;
  }

  /** The same, and nobody else resolves it until the transaction ends. */
  async lock(tx: TenantTx, id: string): Promise<ConflictRow | undefined> {
    const [row] = await tx.$queryRaw<ConflictRow[]>`
      select ${columns} from ${conflicts(tx)} where c.id = ${id}::uuid for no key update of c`;
    return row;
  }

  /** Its new version. The conflict must be locked. */
  async close(tx: TenantTx, id: string, data: Closing): Promise<number> {
    const { version } = await tx.syncConflict.update({ where: { id }, data: { ...data }, select: { version: true } });
    return version;
  }
}
