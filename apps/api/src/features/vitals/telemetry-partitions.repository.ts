import { Injectable } from '@nestjs/common';
import { schemaSql, TenantPrisma, type TenantTx } from '@hms/database';

/** In one transaction: few enough for its time limit. */
const deletedAtOnce = 5_000;

@Injectable()
export class TelemetryPartitionsRepository {
  /** Adds the partitions that are missing from 35 days ago to 35 days ahead. */
  async ensure(tx: TenantTx): Promise<void> {
    await tx.$executeRaw`
      select ${schemaSql(tx.hospital)}.ensure_telemetry_partitions(now() - interval '35 days', now() + interval '35 days')`;
  }

  /**
   * Drops the oldest partition whose time is over, and returns its name; undefined when none is left.
   * @throws the database's 55P03 when it is in use
   */
  async retire(tx: TenantTx): Promise<string | undefined> {
    const [row] = await tx.$queryRaw<{ name: string | null }[]>`
      select ${schemaSql(tx.hospital)}.retire_telemetry_partition() as name`;
    return row?.name ?? undefined;
  }

  /**
   * Deletes some of the readings that are as old as others are kept and that nobody claimed for as long since they came,
   * and says how many: 0 when none are left.
   */
  deleteUnassigned(tx: TenantTx): Promise<number> {
    const schema = schemaSql(tx.hospital);
    return tx.$executeRaw`
      delete from ${schema}.vitals_unassigned where ctid = any (array(
        select u.ctid from ${schema}.vitals_unassigned u, ${schema}.telemetry_retention r
         where u.recorded_at < date_trunc(r.partition_by, now() - r.raw_days * interval '1 day')
           -- the microsecond it came in
           and u.flush_no < extract(epoch from now() - r.raw_days * interval '1 day') * 1000000
         limit ${deletedAtOnce}))`;
  }

  /** Likewise of patients that were named for readings, once these are gone. */
  deleteStatedPatients(tx: TenantTx): Promise<number> {
    const schema = schemaSql(tx.hospital);
    return tx.$executeRaw`
      delete from ${schema}.vitals_stated_patient where ctid = any (array(
        select s.ctid from ${schema}.vitals_stated_patient s, ${schema}.vitals_rollup r
         where s.recorded_at < r.raw_from and not exists (
               select from ${schema}.vitals_unassigned u
                where (u.device_no, u.recorded_at) = (s.device_no, s.recorded_at)) limit ${deletedAtOnce}))`;
  }

  /** Likewise of dead letters: decided ones after 30 days, open ones after 90. */
  deleteDeadLetters(tx: TenantTx): Promise<number> {
    const table = TenantPrisma.sql`${schemaSql(tx.hospital)}.telemetry_dead_letter`;
    return tx.$executeRaw`
      delete from ${table} where id = any (array(
        select id from ${table} where received_at < now() - interval '90 days'
            or decided_at < now() - interval '30 days' limit ${deletedAtOnce}))`;
  }
}
