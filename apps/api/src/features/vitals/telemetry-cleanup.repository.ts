import { Injectable } from '@nestjs/common';
import { schemaSql, type TenantTx } from '@hms/database';

/**
 * A batch may be sent again for 7 days. Its day may be the device's, whose clock may be as slow as there are partitions
 * for, 35 days.
 */
const batchDays = 7 + 35;
/** Ingest asks for a flush of its own within seconds. */
const flushDays = 7;
/** Deleted in one transaction: few enough for its time limit. */
const limit = 5_000;

@Injectable()
export class TelemetryCleanupRepository {
  /** Deletes some of the batches that cannot be sent again, and says how many: 0 when none are left. */
  deleteBatches(tx: TenantTx): Promise<number> {
    const schema = schemaSql(tx.hospital);
    return tx.$executeRaw`
      delete from ${schema}.telemetry_request
       where (day, gateway_id, batch_key) in (
         select day, gateway_id, batch_key from ${schema}.telemetry_request
          where day < current_date - ${batchDays}::int order by day limit ${limit})
         and day < current_date - ${batchDays}::int`;
  }

  /** Likewise of the flushes. */
  deleteFlushes(tx: TenantTx): Promise<number> {
    const schema = schemaSql(tx.hospital);
    return tx.$executeRaw`
      delete from ${schema}.telemetry_flush where ctid = any (array(
        select ctid from ${schema}.telemetry_flush
         where committed_at < now() - ${flushDays} * interval '1 day' order by committed_at limit ${limit}))`;
  }
}
