import { Injectable } from '@nestjs/common';
import { constraintOf, type TenantPrisma, type TenantTx } from '@hms/database';
import type { Present } from '../../platform/http/patch.js';
import { allergyError } from './allergies.errors.js';
import type { Change } from './patients.repository.js';

const columns = {
  id: true,
  substance: true,
  codeSystem: true,
  code: true,
  type: true,
  category: true,
  criticality: true,
  reactions: true,
  severity: true,
  verificationStatus: true,
  clinicalStatus: true,
  statusReason: true,
  onsetDate: true,
  version: true,
  createdAt: true,
  updatedAt: true,
} as const satisfies TenantPrisma.AllergySelect;

export type AllergyRow = TenantPrisma.AllergyGetPayload<{ select: typeof columns }>;

/** An allergy's own columns that may change. */
export type AllergyColumns = Pick<
  AllergyRow,
  | 'type'
  | 'criticality'
  | 'reactions'
  | 'severity'
  | 'verificationStatus'
  | 'clinicalStatus'
  | 'statusReason'
  | 'onsetDate'
  | 'codeSystem'
  | 'code'
>;

export interface NewAllergy extends Present<AllergyColumns> {
  readonly id: string;
  readonly patientId: string;
  readonly substance: string;
  readonly category: string;
}

@Injectable()
export class AllergiesRepository {
  /** In the order they were recorded. */
  list(tx: TenantTx, patientId: string): Promise<AllergyRow[]> {
    return tx.allergy.findMany({ where: { patientId }, select: columns, orderBy: { id: 'asc' } });
  }

  find(tx: TenantTx, patientId: string, id: string): Promise<AllergyRow | null> {
    return tx.allergy.findFirst({ where: { id, patientId }, select: columns });
  }

  /** @throws `allergy.duplicate` */
  async insert(tx: TenantTx, allergy: NewAllergy, by: string): Promise<AllergyRow> {
    const data = { ...allergy, createdBy: by, updatedBy: by };
    return tx.allergy.create({ data, select: columns }).catch(refuseDuplicate);
  }

  /** Undefined when the entry is no longer at that version. @throws `allergy.duplicate` */
  async update(
    tx: TenantTx,
    { id, version, by }: Change,
    values: Present<AllergyColumns>,
  ): Promise<AllergyRow | undefined> {
    const [changed] = await tx.allergy
      .updateManyAndReturn({ where: { id, version }, data: { ...values, updatedBy: by }, select: columns })
      .catch(refuseDuplicate);
    return changed;
  }

  /**
   * Says of a living patient that nobody asked or that no allergy is known; returns the patient's new version, or
   * undefined without such a patient. @throws `allergy.active-allergies`: the database compares with the list
   */
  async setStatus(tx: TenantTx, patientId: string, status: string, by: string): Promise<number | undefined> {
    const [changed] = await tx.patient
      .updateManyAndReturn({
        where: { id: patientId, deletedAt: null },
        data: { allergyStatus: status, updatedBy: by },
        select: { version: true },
      })
      .catch((err: unknown) => {
        if (constraintOf(err) !== 'patient_allergy_status') throw err;
        throw allergyError('allergy.active-allergies', { cause: err });
      });
    return changed?.version;
  }
}

function refuseDuplicate(err: unknown): never {
  if (constraintOf(err) !== 'allergy_active_substance') throw err;
  throw allergyError('allergy.duplicate', { cause: err });
}
