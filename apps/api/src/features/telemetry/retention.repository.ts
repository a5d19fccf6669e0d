import { Injectable } from '@nestjs/common';
import { schemaSql, TenantPrisma, type TenantTx } from '@hms/database';
import type { PartitionUnit } from './retention.dto.js';

export interface Retention {
  readonly rawDays: number;
  readonly rollup1mDays: number;
  readonly rollup15mDays: number;
  readonly waveformDays: number;
  readonly partitionBy: PartitionUnit;
}

export interface RetentionRow extends Retention {
  readonly version: number;
  readonly updatedAt: Date;
}

const columns = TenantPrisma.raw(`
  raw_days as "rawDays", rollup_1m_days as "rollup1mDays", rollup_15m_days as "rollup15mDays",
  waveform_days as "waveformDays", partition_by as "partitionBy", version, updated_at as "updatedAt"`);

@Injectable()
export class RetentionRepository {
  async get(tx: TenantTx): Promise<RetentionRow> {
    const [row] = await tx.$queryRaw<RetentionRow[]>`
      select ${columns} from ${schemaSql(tx.hospital)}.telemetry_retention`;
    if (!row) throw new Error('telemetry_retention has no row');
    return row;
  }

  /** Undefined when it is not of that version any more. */
  async set(tx: TenantTx, version: number, wanted: Retention, by: string): Promise<RetentionRow | undefined> {
    const [row] = await tx.$queryRaw<RetentionRow[]>`
      update ${schemaSql(tx.hospital)}.telemetry_retention
         set raw_days = ${wanted.rawDays}::int, rollup_1m_days = ${wanted.rollup1mDays}::int,
             rollup_15m_days = ${wanted.rollup15mDays}::int, waveform_days = ${wanted.waveformDays}::int,
             partition_by = ${wanted.partitionBy},
             updated_by = ${by}::uuid
       where version = ${version}::int returning ${columns}`;
    return row;
  }
}
