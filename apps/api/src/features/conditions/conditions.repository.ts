import { Injectable } from '@nestjs/common';
import { constraintOf, schemaSql, TenantPrisma, type TenantTx } from '@hms/database';
import type { Present } from '../../platform/http/patch.js';
import { activeStatuses, deniedStatuses } from './condition.terms.js';

const columns = {
  id: true,
  patientId: true,
  display: true,
  codeSystem: true,
  code: true,
  clinicalStatus: true,
  verificationStatus: true,
  severity: true,
  onsetDate: true,
  abatementDate: true,
  statusReason: true,
  version: true,
  createdAt: true,
  updatedAt: true,
} as const satisfies TenantPrisma.ConditionSelect;

export type ConditionRow = TenantPrisma.ConditionGetPayload<{ select: typeof columns }>;

/** A problem's own columns that may change. */
export type ConditionColumns = Pick<
  ConditionRow,
  | 'clinicalStatus'
  | 'verificationStatus'
  | 'severity'
  | 'onsetDate'
  | 'abatementDate'
  | 'statusReason'
  | 'codeSystem'
  | 'code'
>;

export interface NewCondition extends Present<ConditionColumns> {
  readonly id: string;
  readonly patientId: string;
  readonly display: string;
}

export interface ConditionFilter {
  readonly patientId: string;
  readonly clinicalStatus: string | undefined;
}

/** The version a caller read, and who is changing it. */
export interface ConditionChange {
  readonly id: string;
  readonly version: number;
  readonly by: string;
}

@Injectable()
export class ConditionsRepository {
  /** In the order of their ids, which is that in which they were recorded. */
  list(
    tx: TenantTx,
    { patientId, clinicalStatus }: ConditionFilter,
    after: string | undefined,
    take: number,
  ): Promise<ConditionRow[]> {
    const where = {
      patientId,
      ...(clinicalStatus === undefined ? {} : { clinicalStatus }),
      ...(after === undefined ? {} : { id: { gt: after } }),
    };
    return tx.condition.findMany({ where, select: columns, orderBy: { id: 'asc' }, take });
  }

  find(tx: TenantTx, patientId: string, id: string): Promise<ConditionRow | null> {
    return tx.condition.findFirst({ where: { id, patientId }, select: columns });
  }

  /** The entry that says that the patient has this problem now. */
  async findActive(tx: TenantTx, patientId: string, display: string): Promise<string | undefined> {
    const [row] = await tx.$queryRaw<{ id: string }[]>`
      select id from ${schemaSql(tx.hospital)}.condition
       where patient_id = ${patientId}::uuid and lower(display) = lower(${display})
         and clinical_status = any (${[...activeStatuses]}::text[])
         and verification_status <> all (${[...deniedStatuses]}::text[])`;
    return row?.id;
  }

  /** `listed` when the problem is on the list already: the transaction is lost then. */
  insert(tx: TenantTx, condition: NewCondition, by: string): Promise<ConditionRow | 'listed'> {
    const data = { ...condition, createdBy: by, updatedBy: by };
    return tx.condition.create({ data, select: columns }).catch(listedOnly);
  }

  /** Undefined when the entry is no longer at that version; `listed` as for {@link insert}. */
  async update(
    tx: TenantTx,
    { id, version, by }: ConditionChange,
    values: Present<ConditionColumns>,
  ): Promise<ConditionRow | 'listed' | undefined> {
    const data = { ...values, updatedBy: by };
    const changed = await tx.condition
      .updateManyAndReturn({ where: { id, version }, data, select: columns })
      .catch(listedOnly);
    return changed === 'listed' ? changed : changed[0];
  }
}

function listedOnly(err: unknown): 'listed' {
  if (constraintOf(err) !== 'condition_active') throw err;
  return 'listed';
}
