import { Injectable } from '@nestjs/common';
import { schemaSql, type TenantPrisma, type TenantTx } from '@hms/database';
import { uuidv7 } from 'uuidv7';
import type { DischargeItem } from '../inpatient.terms.js';
import type { StatedInputs, StoredScore } from './readmission.policy.js';

const columns = {
  type: true,
  orderedAt: true,
  readyAt: true,
  leftAt: true,
  followUp: true,
  scoreInputs: true,
} as const satisfies TenantPrisma.DischargeSelect;
const waiverColumns = { item: true, reason: true, waivedBy: true, waivedAt: true } as const;
const scoreColumns = {
  profile: true,
  version: true,
  inputs: true,
  total: true,
  partial: true,
  band: true,
  missing: true,
} as const;

/** An order to discharge: there is another after one was taken back. */
export interface Order {
  readonly admissionId: string;
  readonly orderedAt: Date;
}

export interface Waiver {
  readonly item: DischargeItem;
  readonly reason: string;
}

@Injectable()
export class DischargesRepository {
  find(tx: TenantTx, admissionId: string) {
    return tx.discharge.findUnique({ where: { admissionId }, select: columns });
  }

  /** Makes it so, whatever was written before. */
  async write(
    tx: TenantTx,
    admissionId: string,
    values: Omit<TenantPrisma.DischargeUncheckedCreateInput, 'admissionId'>,
  ): Promise<void> {
    const create = { ...values, admissionId };
    await tx.discharge.upsert({ where: { admissionId }, create, update: values, select: { admissionId: true } });
  }

  /** Of this order; those of one that was taken back are kept, and count no longer. */
  waivers(tx: TenantTx, { admissionId, orderedAt }: Order) {
    const where = { admissionId, orderedAt };
    return tx.dischargeWaiver.findMany({ where, select: waiverColumns, orderBy: { item: 'asc' } });
  }

  /** One that was waived before of this order stays so, with its first reason. */
  async waive(tx: TenantTx, order: Order, waivers: readonly Waiver[], by: string): Promise<void> {
    const data = waivers.map((waiver) => ({ ...waiver, ...order, waivedBy: by }));
    await tx.dischargeWaiver.createMany({ data, skipDuplicates: true });
  }

  scores(tx: TenantTx, admissionId: string) {
    return tx.readmissionScore.findMany({ where: { admissionId }, select: scoreColumns, orderBy: { profile: 'asc' } });
  }

  async storeScores(tx: TenantTx, admissionId: string, scores: readonly StoredScore[], by: string): Promise<void> {
    const data = scores.map(({ profile, version, inputs, total, partial, band, missing }) => ({
      id: uuidv7(),
      admissionId,
      profile,
      version,
      inputs: inputs as TenantPrisma.InputJsonObject,
      total,
      partial,
      band,
      missing: [...missing],
      computedBy: by,
    }));
    await tx.readmissionScore.createMany({ data });
  }

  async openAlarms(tx: TenantTx, patientId: string): Promise<number> {
    const [row] = await tx.$queryRaw<{ count: number }[]>`
      select count(*)::int as count from ${schemaSql(tx.hospital)}.alarm
       where patient_id = ${patientId}::uuid and state not in ('pending', 'resolved')`;
    return row?.count ?? 0;
  }

  /** What this hospital knows of the time before the stay. */
  async recorded(
    tx: TenantTx,
    admissionId: string,
  ): Promise<{ readonly emergencyVisits: number; readonly priorAdmissions: number }> {
    const schema = schemaSql(tx.hospital);
    const [row] = await tx.$queryRaw<{ emergencyVisits: number; priorAdmissions: number }[]>`
      select (select count(*)::int from ${schema}.encounter o
               where o.patient_id = a.patient_id and o.class = 'EMER' and o.visit_id <> e.visit_id
                 and o.status not in ('cancelled', 'entered-in-error')
                 and o.started_at >= a.admitted_at - interval '6 months' and o.started_at < a.admitted_at) as "emergencyVisits",
             (select count(*)::int from ${schema}.admission o
               where o.patient_id = a.patient_id and o.id <> a.id
                 and o.admitted_at >= a.admitted_at - interval '12 months' and o.admitted_at < a.admitted_at) as "priorAdmissions"
        from ${schema}.admission a join ${schema}.encounter e on e.id = a.encounter_id where a.id = ${admissionId}::uuid`;
    if (!row) throw new Error('there is no such admission');
    return row;
  }
}

export type DischargeRow = NonNullable<Awaited<ReturnType<DischargesRepository['find']>>>;

/** As it was checked when it was stated. */
export const statedOf = (row: DischargeRow | null): StatedInputs => (row?.scoreInputs ?? {}) as StatedInputs;
