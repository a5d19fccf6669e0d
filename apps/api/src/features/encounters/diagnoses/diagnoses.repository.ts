import { Injectable } from '@nestjs/common';
import { constraintOf, TenantPrisma, type TenantTx } from '@hms/database';
import { encounterError } from '../encounters.errors.js';

const columns = {
  id: true,
  encounterId: true,
  code: true,
  display: true,
  rank: true,
  presentOnAdmission: true,
  createdAt: true,
} as const satisfies TenantPrisma.EncounterDiagnosisSelect;

export type DiagnosisRow = TenantPrisma.EncounterDiagnosisGetPayload<{ select: typeof columns }>;

export type NewDiagnosis = Omit<DiagnosisRow, 'createdAt'>;

@Injectable()
export class DiagnosesRepository {
  /** By rank. */
  list(tx: TenantTx, encounterId: string): Promise<DiagnosisRow[]> {
    const where = { encounterId, removedAt: null };
    return tx.encounterDiagnosis.findMany({ where, select: columns, orderBy: { rank: 'asc' } });
  }

  /** @throws `diagnosis.duplicate`, `diagnosis.rank-taken` or `encounter.over` */
  insert(tx: TenantTx, diagnosis: NewDiagnosis, by: string): Promise<DiagnosisRow> {
    return tx.encounterDiagnosis.create({ data: { ...diagnosis, createdBy: by }, select: columns }).catch(translate);
  }

  /** Undefined when it is not there, or no more. @throws `encounter.over` */
  async remove(
    tx: TenantTx,
    { encounterId, id }: Pick<DiagnosisRow, 'encounterId' | 'id'>,
    by: string,
    now: Date,
  ): Promise<DiagnosisRow | undefined> {
    const where = { id, encounterId, removedAt: null };
    const data = { removedAt: now, removedBy: by };
    const [row] = await tx.encounterDiagnosis.updateManyAndReturn({ where, data, select: columns }).catch(translate);
    return row;
  }
}

function translate(err: unknown): never {
  switch (constraintOf(err)) {
    case 'encounter_diagnosis_once':
      throw encounterError('diagnosis.duplicate', { cause: err });
    case 'encounter_diagnosis_rank':
      throw encounterError('diagnosis.rank-taken', { cause: err });
    case 'encounter_over':
      throw encounterError('encounter.over', { cause: err });
    default:
      throw err;
  }
}
