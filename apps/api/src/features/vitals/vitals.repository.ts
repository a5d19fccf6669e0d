import { Injectable } from '@nestjs/common';
import { vitalSigns } from '@hms/contracts';
import { schemaSql, TenantPrisma, type TenantTx } from '@hms/database';
import { rollupNames, rollupsOfReadings, shownOfRollups } from './rollup-columns.js';
import type { RollupPlan, Stretch } from './rollup-plan.policy.js';

/** One value as `vitals_latest` keeps it. */
export interface LatestRow {
  readonly patientId: string;
  readonly code: string;
  readonly value: number;
  readonly recordedAt: Date;
}

/** A patient of a ward with one of its values; `code` and what follows are null for a patient without any. */
export interface WardLatestRow {
  readonly patientId: string;
  readonly mrn: string;
  readonly name: string;
  readonly bedLabel: string | null;
  readonly code: string | null;
  readonly value: number | null;
  readonly recordedAt: Date | null;
}

/** A raw reading: beside these, one column a vital sign, named by its code. */
export interface ReadingRow {
  readonly recordedAt: Date;
  readonly recordedMicros: bigint;
  readonly deviceNo: number;
  readonly device: string;
  readonly flags: number;
  readonly [code: string]: unknown;
}

/** A bucket: beside its start, `<code>:min`, `:avg`, `:max` or `:last`, and `:n` of each vital sign. */
export interface BucketRow {
  readonly start: Date;
  readonly [summary: string]: unknown;
}

export interface Span {
  readonly patientId: string;
  readonly from: Date;
  readonly to: Date;
}

export interface ReadingKey {
  readonly micros: number;
  readonly deviceNo: number;
}

const { sql, empty, raw, join } = TenantPrisma;
const stored = (column: string, kind: string): string => (kind === 'acvpu' ? `v.${column}::text` : `v.${column}`);

const readingColumns = raw(
  vitalSigns.map(({ code, column, kind }) => `${stored(column, kind)} as "${code}"`).join(', '),
);

/** Whether the time lies in one of the parts. */
function within(column: string, parts: readonly Stretch[]): TenantPrisma.Sql {
  const time = raw(column);
  const tests = parts.map(
    ([from, until]) => sql`${time} >= ${instant(from)}::timestamptz and ${time} < ${instant(until)}::timestamptz`,
  );
  return tests.length === 0 ? raw('false') : join(tests, ' or ');
}

const instant = (ms: number): string => new Date(ms).toISOString();

const during = ({ patientId, from, to }: Span): TenantPrisma.Sql => sql`
  v.patient_id = ${patientId}::uuid
  and v.recorded_at >= ${from.toISOString()}::timestamptz and v.recorded_at < ${to.toISOString()}::timestamptz`;

@Injectable()
export class VitalsRepository {
  /** Newest first. */
  readings(tx: TenantTx, span: Span, before: ReadingKey | undefined, take: number): Promise<ReadingRow[]> {
    const schema = schemaSql(tx.hospital);
    const older = before
      ? sql`and (v.recorded_at, v.device_no) <
               (timestamptz 'epoch' + ${before.micros}::bigint * interval '1 microsecond', ${before.deviceNo}::int)`
      : empty;
    return tx.$queryRaw<ReadingRow[]>`
      select v.recorded_at as "recordedAt", (extract(epoch from v.recorded_at) * 1000000)::bigint as "recordedMicros",
             v.device_no as "deviceNo", d.external_id as device, v.flags, ${readingColumns}
        from ${schema}.vitals v join ${schema}.device d on d.device_no = v.device_no
       where ${during(span)} ${older}
       order by v.recorded_at desc, v.device_no desc limit ${take}`;
  }

  /** Oldest first, without empty ones; `width` in milliseconds. */
  buckets(tx: TenantTx, patientId: string, plan: RollupPlan, width: number): Promise<BucketRow[]> {
    const schema = schemaSql(tx.hospital);
    const rollups = (table: string, parts: readonly Stretch[]): TenantPrisma.Sql => sql`
      select r.bucket, ${raw(rollupNames)} from ${schema}.${raw(table)} r
       where r.patient_id = ${patientId}::uuid and (${within('r.bucket', parts)})`;
    return tx.$queryRaw<BucketRow[]>`
      select date_bin(${width}::int * interval '1 millisecond', r.bucket, timestamptz '2000-01-01Z') as start,
             ${raw(shownOfRollups)}
        from (${rollups('vitals_15m', plan.quarters)}
              union all ${rollups('vitals_1m', plan.minutes)}
              union all
              select date_bin(interval '1 minute', v.recorded_at, timestamptz '2000-01-01Z'), ${raw(rollupsOfReadings)}
                from ${schema}.vitals v
               where v.patient_id = ${patientId}::uuid and (${within('v.recorded_at', plan.raw)}) group by 1) r
       group by 1 order by 1`;
  }

  latestOfPatient(tx: TenantTx, patientId: string): Promise<LatestRow[]> {
    return tx.vitalsLatest.findMany({ where: { patientId } });
  }

  /** Every patient with a device on the ward now, by bed and name. */
  latestOfWard(tx: TenantTx, wardId: string): Promise<WardLatestRow[]> {
    const schema = schemaSql(tx.hospital);
    return tx.$queryRaw<WardLatestRow[]>`
      select p.id as "patientId", p.mrn, p.given_name || ' ' || p.family_name as name, w.bed as "bedLabel",
             l.code, l.value, l.recorded_at as "recordedAt"
        from (select a.patient_id, min(b.label) as bed
                from ${schema}.device_assignment a left join ${schema}.bed b on b.id = a.bed_id
               where a.ward_id = ${wardId}::uuid and a.valid @> now() group by a.patient_id) w
        join ${schema}.patient p on p.id = w.patient_id and p.deleted_at is null
        left join ${schema}.vitals_latest l on l.patient_id = p.id
       order by w.bed nulls last, p.family_name, p.given_name, p.id`;
  }

  /** The latest values of everybody with a device on those wards now, oldest first; undefined means every ward. */
  latestOnWards(tx: TenantTx, wardIds: readonly string[] | undefined): Promise<LatestRow[]> {
    const schema = schemaSql(tx.hospital);
    const covered = wardIds === undefined ? empty : sql`and a.ward_id = any(${[...wardIds]}::uuid[])`;
    return tx.$queryRaw<LatestRow[]>`
      select l.patient_id as "patientId", l.code, l.value, l.recorded_at as "recordedAt"
        from ${schema}.vitals_latest l
        join ${schema}.patient p on p.id = l.patient_id and p.deleted_at is null
       where exists (select from ${schema}.device_assignment a
                      where a.patient_id = l.patient_id and a.valid @> now() ${covered})
       order by l.recorded_at, l.patient_id`;
  }
}
