import { insertedColumns } from '@hms/audit';
import { Injectable } from '@nestjs/common';
import { HospitalDatabase, PublicPrisma, schemaSql, type PublicTx, type TenantTx } from '@hms/database';

/** Rows of one hospital, or of the platform. */
export interface AuditBatch {
  readonly hospital_id: string | null;
  readonly rows: readonly object[];
}

const columns = PublicPrisma.raw(insertedColumns);

@Injectable()
export class AuditRepository {
  constructor(private readonly database: HospitalDatabase) {}

  /** As the hospital's own role, which can write into no other. */
  async insert(tx: TenantTx, rows: readonly object[]): Promise<void> {
    const table = PublicPrisma.sql`${schemaSql(tx.hospital)}.audit_event`;
    await tx.$executeRaw`
      insert into ${table} (${columns})
      select ${columns} from jsonb_populate_recordset(null::${table}, ${JSON.stringify(rows)}::jsonb)`;
  }

  async append(tx: PublicTx, batches: readonly AuditBatch[]): Promise<void> {
    await tx.$executeRaw`select public.append_audit(${JSON.stringify(batches)}::jsonb)`;
  }

  /** In a transaction of its own, which ends within `timeoutMs`. */
  async commit(batches: readonly AuditBatch[], timeoutMs: number): Promise<void> {
    const values = [JSON.stringify(batches)];
    await this.database.executeWithin(timeoutMs, 'select public.append_audit($1::jsonb)', values);
  }
}
