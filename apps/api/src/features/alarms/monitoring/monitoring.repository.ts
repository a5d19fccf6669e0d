import { Injectable } from '@nestjs/common';
import { constraintOf, schemaSql, TenantPrisma, type TenantTx } from '@hms/database';
import type { MonitoringChoice } from './monitoring.policy.js';

export interface MonitoringRow {
  readonly patientId: string;
  readonly spo2Scale: number;
  readonly score: string;
  readonly reason: string | null;
  readonly version: number;
  readonly updatedBy: string;
  readonly updatedAt: Date;
}

export interface ScoreRow {
  readonly patientId: string;
  readonly profile: string;
  readonly profileVersion: string;
  readonly computedFor: Date;
  readonly computedAt: Date;
  readonly total: number | null;
  readonly partial: number;
  readonly band: string;
  readonly inputs: Record<string, unknown>;
  readonly missing: string[];
  readonly retrospective: boolean;
}

export interface ObservedRow {
  readonly code: string;
  readonly value: number;
  readonly at: number;
}

/** Sort keys of scores: newest first, and by profile where two were computed for one time. */
export interface ScoreKey {
  readonly micros: number;
  readonly profile: string;
}

const columns = {
  patientId: true,
  spo2Scale: true,
  score: true,
  reason: true,
  version: true,
  updatedBy: true,
  updatedAt: true,
} as const;
const { sql, empty } = TenantPrisma;

@Injectable()
export class MonitoringRepository {
  find(tx: TenantTx, patientId: string): Promise<MonitoringRow | null> {
    return tx.patientMonitoring.findUnique({ where: { patientId }, select: columns });
  }

  /** Undefined when somebody decided something meanwhile. */
  async insert(
    tx: TenantTx,
    patientId: string,
    choice: MonitoringChoice,
    by: string,
  ): Promise<MonitoringRow | undefined> {
    const data = { patientId, ...choice, createdBy: by, updatedBy: by };
    try {
      return await tx.patientMonitoring.create({ data, select: columns });
    } catch (err) {
      if (constraintOf(err) === 'patient_monitoring_pkey') return undefined;
      throw err;
    }
  }

  /** Undefined when it is not of that version any more. */
  async update(
    tx: TenantTx,
    { patientId, version }: { readonly patientId: string; readonly version: number },
    choice: MonitoringChoice,
    by: string,
  ): Promise<MonitoringRow | undefined> {
    const [changed] = await tx.patientMonitoring.updateManyAndReturn({
      where: { patientId, version },
      data: { ...choice, updatedBy: by },
      select: columns,
    });
    return changed;
  }

  /** What was measured last and charted within the last hour, of these codes; times are milliseconds since 1970. */
  observations(tx: TenantTx, patientId: string, codes: readonly string[]): Promise<ObservedRow[]> {
    const schema = schemaSql(tx.hospital);
    return tx.$queryRaw<ObservedRow[]>`
      select code, value::float8 as value, (extract(epoch from recorded_at) * 1000)::float8 as at
        from (select code, value, recorded_at from ${schema}.vitals_latest where patient_id = ${patientId}::uuid
              union all
              select code, value, recorded_at from ${schema}.charted_observation
               where patient_id = ${patientId}::uuid and status = 'final' and recorded_at > now() - interval '1 hour') as known
       where code = any (${[...codes]}::text[])`;
  }

  /** Newest first. */
  scores(
    tx: TenantTx,
    { patientId, profile }: { readonly patientId: string; readonly profile: string | undefined },
    before: ScoreKey | undefined,
    take: number,
  ): Promise<(ScoreRow & { readonly micros: bigint })[]> {
    const older = before
      ? sql`and (computed_for, profile) <
               (timestamptz 'epoch' + ${before.micros}::bigint * interval '1 microsecond', ${before.profile})`
      : empty;
    return tx.$queryRaw`
      select patient_id as "patientId", profile, profile_version as "profileVersion", computed_for as "computedFor",
             computed_at as "computedAt", total, partial, band, inputs, missing, retrospective,
             (extract(epoch from computed_for) * 1000000)::bigint as micros
        from ${schemaSql(tx.hospital)}.score_result
       where patient_id = ${patientId}::uuid ${profile === undefined ? empty : sql`and profile = ${profile}`} ${older}
       order by computed_for desc, profile desc limit ${take}`;
  }
}
