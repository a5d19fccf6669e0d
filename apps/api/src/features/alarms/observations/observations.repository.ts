import { Injectable } from '@nestjs/common';
import { schemaSql, TenantPrisma, type TenantTx } from '@hms/database';
import { uuidv7 } from 'uuidv7';

export interface ObservationRow {
  readonly id: string;
  readonly patientId: string;
  readonly code: string;
  readonly value: number;
  readonly recordedAt: Date;
  readonly method: string;
  readonly status: string;
  readonly recordedBy: string | null;
  readonly createdAt: Date;
  readonly voidedBy: string | null;
  readonly voidReason: string | null;
}

/** One round: values of one patient and time. */
export interface NewRound {
  readonly patientId: string;
  readonly recordedAt: Date;
  readonly recordedBy: string;
  readonly values: readonly { readonly code: string; readonly value: number }[];
}

export interface ObservationFilter {
  readonly patientId: string;
  readonly code?: string | undefined;
  readonly from?: Date | undefined;
  readonly to?: Date | undefined;
}

export interface ObservationKey {
  readonly micros: number;
  readonly id: string;
}

const columns = {
  id: true,
  patientId: true,
  code: true,
  value: true,
  recordedAt: true,
  method: true,
  status: true,
  recordedBy: true,
  createdAt: true,
  voidedBy: true,
  voidReason: true,
} as const;
const { sql, empty } = TenantPrisma;

@Injectable()
export class ObservationsRepository {
  insert(tx: TenantTx, { values, ...round }: NewRound): Promise<ObservationRow[]> {
    const data = values.map((value) => ({ id: uuidv7(), ...round, ...value }));
    return tx.chartedObservation.createManyAndReturn({ data, select: columns });
  }

  /** Newest first. */
  list(
    tx: TenantTx,
    { patientId, code, from, to }: ObservationFilter,
    before: ObservationKey | undefined,
    take: number,
  ): Promise<(ObservationRow & { readonly micros: bigint })[]> {
    return tx.$queryRaw`
      select id, patient_id as "patientId", code, value, recorded_at as "recordedAt", method, status,
             recorded_by as "recordedBy", created_at as "createdAt", voided_by as "voidedBy",
             void_reason as "voidReason", (extract(epoch from recorded_at) * 1000000)::bigint as micros
        from ${schemaSql(tx.hospital)}.charted_observation
       where patient_id = ${patientId}::uuid
             ${code === undefined ? empty : sql`and code = ${code}`}
             ${from === undefined ? empty : sql`and recorded_at >= ${from.toISOString()}::timestamptz`}
             ${to === undefined ? empty : sql`and recorded_at < ${to.toISOString()}::timestamptz`}
             ${before === undefined ? empty : olderThan(before)}
       order by recorded_at desc, id desc limit ${take}`;
  }

  find(tx: TenantTx, patientId: string, id: string): Promise<ObservationRow | null> {
    return tx.chartedObservation.findFirst({ where: { id, patientId }, select: columns });
  }

  /** Undefined when somebody voided it before. */
  async void(
    tx: TenantTx,
    id: string,
    { by, reason, now }: { readonly by: string; readonly reason: string; readonly now: Date },
  ): Promise<ObservationRow | undefined> {
    const [voided] = await tx.chartedObservation.updateManyAndReturn({
      where: { id, status: 'final' },
      data: { status: 'entered-in-error', voidedBy: by, voidedAt: now, voidReason: reason },
      select: columns,
    });
    return voided;
  }
}

const olderThan = ({ micros, id }: ObservationKey): TenantPrisma.Sql => sql`
  and (recorded_at, id) < (timestamptz 'epoch' + ${micros}::bigint * interval '1 microsecond', ${id}::uuid)`;
