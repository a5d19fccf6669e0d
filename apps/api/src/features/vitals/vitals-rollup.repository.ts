import { Injectable } from '@nestjs/common';
import { type HospitalCondition, schemaOf, schemaSql, TenantPrisma, type TenantTx } from '@hms/database';
import { rollupNames, rollupsOfReadings, rollupsOfRollups } from './rollup-columns.js';
import { quarterMs } from './rollup-plan.policy.js';
import type { Portion } from './rollup-portion.policy.js';

const { raw, sql } = TenantPrisma;
const names = raw(rollupNames);
const ofReadings = raw(rollupsOfReadings);
const ofRollups = raw(rollupsOfRollups);
const minute = raw(`interval '1 minute'`);
const quarter = raw(`interval '15 minutes'`);
/** Buckets begin where they would if time had been cut since then. */
const origin = raw(`timestamptz '2000-01-01Z'`);
/** When the quarter of an hour that the time lies in began, in milliseconds since 1970. */
const quarterOf = (time: Date): number => Math.floor(time.getTime() / quarterMs) * quarterMs;
const instant = (date: Date): TenantPrisma.Sql => sql`${date.toISOString()}::timestamptz`;

/**
 * Where there may be readings that are not summed up: something was stored in the last hour, which is more than clocks go
 * ahead. Elsewhere the time until which all is summed up moves every quarter of an hour, so that it is never far behind.
 */
export const notSummedUp: HospitalCondition = (schema) => `exists (
  select from ${schema}.vitals_rollup s
   where s.rolled_until < now() - ${quarter.sql}
         or exists (select from ${schema}.vitals_dirty)
         or exists (select from ${schema}.telemetry_flush where committed_at > now() - interval '1 hour')
         or exists (select from ${schema}.telemetry_flush where xid >= s.flushes_seen))`;

interface DirtyPiece {
  readonly id: bigint;
  readonly patientId: string;
  /** Whole minutes; `upto` is exclusive. */
  readonly since: Date;
  readonly upto: Date;
  /** The entry goes on after this piece. */
  readonly goesOn: boolean;
}

@Injectable()
export class VitalsRollupRepository {
  /**
   * False when somebody else is summing up. It has to be a statement of its own: what is read afterwards is as new as
   * the lock, so that nobody writes sums that are older than those there.
   */
  async lock(tx: TenantTx): Promise<boolean> {
    const name = `${schemaOf(tx.hospital.slug)}.vitals_rollup`;
    const [row] = await tx.$queryRaw<{ locked: boolean }[]>`
      select pg_try_advisory_xact_lock(hashtext(${name})) as locked`;
    if (row?.locked !== true) return false;
    // An hour of a few hundred patients is 20 MB of groups, which would go to the disk and back.
    await tx.$executeRaw`set local work_mem = '64MB'`;
    return true;
  }

  /** Everything before is summed up, except for what is dirty. */
  async rolledUntil(tx: TenantTx): Promise<Date> {
    const [row] = await tx.$queryRaw<{ rolledUntil: Date }[]>`
      select rolled_until as "rolledUntil" from ${schemaSql(tx.hospital)}.vitals_rollup`;
    if (!row) throw new Error('vitals_rollup has no row');
    return row.rolledUntil;
  }

  /** Marks as dirty what was committed since the last time for minutes that are summed up. */
  async markLate(tx: TenantTx): Promise<void> {
    const schema = schemaSql(tx.hospital);
    const [late] = await tx.$queryRaw<{ seen: string; since: Date | null; first: bigint; last: bigint }[]>`
      select pg_snapshot_xmin(pg_current_snapshot())::text as seen,
             date_trunc('milliseconds', min(coalesce(f.fresh_from, f.recorded_from))) as since,
             min(f.flush_no) as first, max(f.flush_no) as last
        from ${schema}.vitals_rollup s
        left join ${schema}.telemetry_flush f
          on f.xid >= s.flushes_seen and f.xid < pg_snapshot_xmin(pg_current_snapshot())
         and coalesce(f.fresh_from, f.recorded_from) < s.rolled_until`;
    if (!late) return;
    if (late.since) {
      await tx.$executeRaw`
        insert into ${schema}.vitals_dirty (patient_id, since, until)
        select v.patient_id, min(v.recorded_at), max(v.recorded_at) from ${schema}.vitals v
         where v.recorded_at >= ${instant(late.since)}
           and v.recorded_at < (select rolled_until from ${schema}.vitals_rollup)
           and v.flush_no between ${late.first} and ${late.last}
         group by v.patient_id, date_bin(${quarter}, v.recorded_at, ${origin})`;
    }
    await tx.$executeRaw`update ${schema}.vitals_rollup set flushes_seen = ${late.seen}::xid8`;
  }

  /** Sums up the minutes from `from`, where it stood, until `until`, and the quarters of an hour that end by then. */
  async advance(tx: TenantTx, from: Date, until: Date): Promise<void> {
    const schema = schemaSql(tx.hospital);
    await tx.$executeRaw`
      insert into ${schema}.vitals_1m (patient_id, bucket, ${names})
      select v.patient_id, date_bin(${minute}, v.recorded_at, ${origin}), ${ofReadings} from ${schema}.vitals v
       where v.recorded_at >= ${instant(from)} and v.recorded_at < ${instant(until)} group by 1, 2`;
    if (quarterOf(from) < quarterOf(until)) await this.#sumUpQuarters(tx, quarterOf(from), quarterOf(until));
    await tx.$executeRaw`update ${schema}.vitals_rollup set rolled_until = ${instant(until)}`;
  }

  async #sumUpQuarters(tx: TenantTx, from: number, until: number): Promise<void> {
    const schema = schemaSql(tx.hospital);
    await tx.$executeRaw`
      insert into ${schema}.vitals_15m (patient_id, bucket, ${names})
      select r.patient_id, date_bin(${quarter}, r.bucket, ${origin}), ${ofRollups} from ${schema}.vitals_1m r
       where r.bucket >= ${instant(new Date(from))} and r.bucket < ${instant(new Date(until))} group by 1, 2`;
  }

  /** Sums up again some of what is dirty, and says whether more is left. */
  async cleanSome(tx: TenantTx, { entries, pieceMinutes }: Portion): Promise<boolean> {
    const schema = schemaSql(tx.hospital);
    const longestPiece = sql`${pieceMinutes}::int * ${minute}`;
    const pieces = await tx.$queryRaw<DirtyPiece[]>`
      select id, patient_id as "patientId", since, least(until, since + ${longestPiece}) as upto,
             until > since + ${longestPiece} as "goesOn"
        from (select d.id, d.patient_id, greatest(date_trunc('minute', d.since), s.raw_from) as since,
                     least(date_trunc('minute', d.until) + ${minute}, s.rolled_until) as until
                from ${schema}.vitals_dirty d, ${schema}.vitals_rollup s
               order by d.id limit ${entries}) entry`;
    const stale = pieces.filter(({ since, upto }) => since < upto);
    if (stale.length > 0) {
      await this.#sumUpAgain(tx, stale);
      await this.#sumUpQuartersAgain(tx, stale);
    }
    await this.#forget(tx, pieces);
    return pieces.length === entries || pieces.some(({ goesOn }) => goesOn);
  }

  async #sumUpAgain(tx: TenantTx, pieces: readonly DirtyPiece[]): Promise<void> {
    const schema = schemaSql(tx.hospital);
    const spans = sql`
      select patient_id, unnest(range_agg(tstzrange(since, upto))) as span from ${entriesOf(pieces)} group by 1`;
    await tx.$executeRaw`
      delete from ${schema}.vitals_1m r using (${spans}) s
       where r.patient_id = s.patient_id and r.bucket >= lower(s.span) and r.bucket < upper(s.span)`;
    await tx.$executeRaw`
      insert into ${schema}.vitals_1m (patient_id, bucket, ${names})
      select v.patient_id, date_bin(${minute}, v.recorded_at, ${origin}), ${ofReadings}
        from (${spans}) s join ${schema}.vitals v
          on v.patient_id = s.patient_id and v.recorded_at >= lower(s.span) and v.recorded_at < upper(s.span)
       group by 1, 2`;
  }

  async #sumUpQuartersAgain(tx: TenantTx, pieces: readonly DirtyPiece[]): Promise<void> {
    const schema = schemaSql(tx.hospital);
    // A quarter that is not whole yet is left to advance().
    const spans = sql`
      select patient_id, unnest(range_agg(tstzrange(since, until))) as span
        from (select patient_id, date_bin(${quarter}, since, ${origin}) as since,
                     least(date_bin(${quarter}, upto + ${quarter} - interval '1 microsecond', ${origin}),
                           date_bin(${quarter}, rolled_until, ${origin})) as until
                from ${entriesOf(pieces)}, ${schema}.vitals_rollup) wide
       where since < until group by 1`;
    await tx.$executeRaw`
      delete from ${schema}.vitals_15m r using (${spans}) s
       where r.patient_id = s.patient_id and r.bucket >= lower(s.span) and r.bucket < upper(s.span)`;
    await tx.$executeRaw`
      insert into ${schema}.vitals_15m (patient_id, bucket, ${names})
      select r.patient_id, date_bin(${quarter}, r.bucket, ${origin}), ${ofRollups}
        from (${spans}) s join ${schema}.vitals_1m r
          on r.patient_id = s.patient_id and r.bucket >= lower(s.span) and r.bucket < upper(s.span)
       group by 1, 2`;
  }

  async #forget(tx: TenantTx, pieces: readonly DirtyPiece[]): Promise<void> {
    const schema = schemaSql(tx.hospital);
    const begun = pieces.filter(({ goesOn }) => goesOn);
    const done = pieces.filter(({ goesOn }) => !goesOn).map(({ id }) => id);
    if (begun.length > 0) {
      await tx.$executeRaw`
        update ${schema}.vitals_dirty d set since = b.since
          from unnest(${begun.map(({ id }) => id)}::bigint[],
                      ${begun.map(({ upto }) => upto.toISOString())}::timestamptz[]) as b (id, since)
         where d.id = b.id`;
    }
    if (done.length > 0) await tx.$executeRaw`delete from ${schema}.vitals_dirty where id = any(${done}::bigint[])`;
  }
}

const entriesOf = (pieces: readonly DirtyPiece[]): TenantPrisma.Sql => sql`
  unnest(${pieces.map(({ patientId }) => patientId)}::uuid[],
         ${pieces.map(({ since }) => since.toISOString())}::timestamptz[],
         ${pieces.map(({ upto }) => upto.toISOString())}::timestamptz[]) as entry (patient_id, since, upto)`;
