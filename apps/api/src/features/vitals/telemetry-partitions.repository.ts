import { Injectable } from '@nestjs/common';
import { schemaSql, type TenantTx } from '@hms/database';

@Injectable()
export class TelemetryPartitionsRepository {
  /** Adds the partitions that are missing from 35 days ago to 35 days ahead. */
  async ensure(tx: TenantTx): Promise<void> {
    await tx.$executeRaw`
      select ${schemaSql(tx.hospital)}.ensure_telemetry_partitions(now() - interval '35 days', now() + interval '35 days')`;
  }
}
