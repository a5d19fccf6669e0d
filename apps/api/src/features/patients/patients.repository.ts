import { Injectable } from '@nestjs/common';
import { constraintOf, schemaSql, TenantPrisma, type TenantTx } from '@hms/database';
import type { Present } from '../../platform/http/patch.js';
import type { FieldVersions } from './field-versions.policy.js';
import type { PatientColumns } from './patient.values.js';
import { patientError } from './patients.errors.js';

const columns = {
  id: true,
  mrn: true,
  familyName: true,
  givenName: true,
  birthDate: true,
  birthDatePrecision: true,
  sexForClinicalUse: true,
  gender: true,
  bloodGroup: true,
  phone: true,
  email: true,
  address: true,
  preferredLanguage: true,
  deceasedAt: true,
  allergyStatus: true,
  version: true,
  createdAt: true,
  updatedAt: true,
  deletedAt: true,
  deletedReason: true,
  wardId: true,
  identifiers: {
    where: { endedAt: null },
    select: { id: true, system: true, valueSealed: true },
    orderBy: [{ system: 'asc' }, { id: 'asc' }],
  },
} as const satisfies TenantPrisma.PatientSelect;

export type PatientRow = TenantPrisma.PatientGetPayload<{ select: typeof columns }>;

export interface NewPatient extends Present<PatientColumns> {
  readonly id: string;
  readonly mrn: string;
  readonly familyName: string;
  readonly givenName: string;
}

export interface Deletion {
  readonly deletedAt: Date;
  readonly deletedReason: string;
}

/** The version a caller read, and who is changing it. */
export interface Change {
  readonly id: string;
  readonly version: number;
  readonly by: string;
}

@Injectable()
export class PatientsRepository {
  /** The next record number. Until the transaction ends, every other creation of the hospital waits here. */
  async nextRecordNumber(tx: TenantTx): Promise<bigint> {
    const counter = await tx.counter.update({ where: { name: 'mrn' }, data: { value: { increment: 1 } } });
    return counter.value;
  }

  find(tx: TenantTx, id: string, includeDeleted = false): Promise<PatientRow | null> {
    return tx.patient.findFirst({ where: { id, ...(includeDeleted ? {} : { deletedAt: null }) }, select: columns });
  }

  /** Whether the patient is registered and not deleted. */
  async exists(tx: TenantTx, id: string): Promise<boolean> {
    return (await tx.patient.count({ where: { id, deletedAt: null } })) === 1;
  }

  /** In which version each column of a living patient changed last; until the transaction ends none changes. */
  async lockFields(tx: TenantTx, id: string): Promise<FieldVersions | undefined> {
    const [row] = await tx.$queryRaw<FieldVersions[]>`
      select version, field_versions as columns from ${schemaSql(tx.hospital)}.patient
       where id = ${id}::uuid and deleted_at is null for no key update`;
    return row;
  }

  /** In the order of the ids. */
  async findAll(tx: TenantTx, ids: readonly string[]): Promise<PatientRow[]> {
    const rows = await tx.patient.findMany({ where: { id: { in: [...ids] } }, select: columns });
    const byId = new Map(rows.map((row) => [row.id, row]));
    return ids.flatMap((id) => byId.get(id) ?? []);
  }

  async insert(tx: TenantTx, patient: NewPatient, by: string): Promise<void> {
    await tx.patient.create({ data: { ...stored(patient), createdBy: by, updatedBy: by }, select: { id: true } });
  }

  /** False when the patient is not there, deleted, or no longer at that version. */
  async update(tx: TenantTx, { id, version, by }: Change, values: Present<PatientColumns>): Promise<boolean> {
    const where = { id, version, deletedAt: null };
    const { count } = await tx.patient.updateMany({ where, data: { ...stored(values), updatedBy: by } });
    return count === 1;
  }

  /** False as for {@link update}. @throws `patient.in-bed` */
  async place(tx: TenantTx, { id, version, by }: Change, wardId: string | null): Promise<boolean> {
    const where = { id, version, deletedAt: null };
    const { count } = await tx.patient.updateMany({ where, data: { wardId, updatedBy: by } }).catch((err: unknown) => {
      if (constraintOf(err) === 'patient_in_bed') throw patientError('patient.in-bed', { cause: err });
      throw err;
    });
    return count === 1;
  }

  /** The patient's version then; undefined when they lie there already. */
  async lieOn(tx: TenantTx, id: string, wardId: string | null, by: string): Promise<number | undefined> {
    const [placed] = await tx.$queryRaw<{ version: number }[]>`
      update ${schemaSql(tx.hospital)}.patient set ward_id = ${wardId}::uuid, updated_by = ${by}::uuid
       where id = ${id}::uuid and ward_id is distinct from ${wardId}::uuid
      returning version`;
    return placed?.version;
  }

  /** Nobody places the patient or writes a row of theirs before the transaction ends. */
  async lock(tx: TenantTx, id: string): Promise<void> {
    await tx.$queryRaw`select from ${schemaSql(tx.hospital)}.patient where id = ${id}::uuid for update`;
  }

  /** The patient's version then; undefined when the record says already when they died. */
  async die(tx: TenantTx, id: string, at: Date, by: string): Promise<number | undefined> {
    const [dead] = await tx.$queryRaw<{ version: number }[]>`
      update ${schemaSql(tx.hospital)}.patient set deceased_at = ${at.toISOString()}::timestamptz, updated_by = ${by}::uuid
       where id = ${id}::uuid and deceased_at is null
      returning version`;
    return dead?.version;
  }

  /** False as for {@link update}. @throws `patient.admitted` */
  async delete(tx: TenantTx, { id, version, by }: Change, deletion: Deletion): Promise<boolean> {
    const where = { id, version, deletedAt: null };
    const data = { ...deletion, updatedBy: by };
    const { count } = await tx.patient.updateMany({ where, data }).catch((err: unknown) => {
      if (constraintOf(err) === 'patient_admitted') throw patientError('patient.admitted', { cause: err });
      throw err;
    });
    return count === 1;
  }

  /** False when the patient is not deleted or no longer at that version. */
  async restore(tx: TenantTx, { id, version, by }: Change): Promise<boolean> {
    const { count } = await tx.patient.updateMany({
      where: { id, version, deletedAt: { not: null } },
      data: { deletedAt: null, deletedReason: null, updatedBy: by },
    });
    return count === 1;
  }
}

/** Prisma wants its own word for a JSON column that is null. */
const stored = <T extends Present<PatientColumns>>(values: T) => {
  const { address, ...others } = values;
  return address === undefined ? others : { ...others, address: address ?? TenantPrisma.DbNull };
};
