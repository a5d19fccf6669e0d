import { Injectable } from '@nestjs/common';
import { constraintOf, type TenantTx } from '@hms/database';
import type { FieldCipher } from '@hms/encryption';
import { uuidv7 } from 'uuidv7';
import { openIdentifier, sealIdentifier, type Identifier } from './identifier-seal.js';
import { patientError } from './patients.errors.js';

/** Who changes identifiers, and the cipher of their hospital. */
export interface IdentifierChange {
  readonly by: string;
  readonly cipher: FieldCipher;
}

const key = ({ system, value }: Identifier): string => JSON.stringify([system, value]);

/** Identifiers are ended, never removed. Call after the patient's row was changed, which keeps others out. */
@Injectable()
export class PatientIdentifiersRepository {
  /** Makes these the patient's identifiers. @throws `patient.identifier-taken` */
  async replace(
    tx: TenantTx,
    patientId: string,
    wanted: readonly Identifier[],
    { by, cipher }: IdentifierChange,
  ): Promise<void> {
    const select = { id: true, system: true, valueSealed: true } as const;
    const stored = await tx.patientIdentifier.findMany({ where: { patientId, endedAt: null }, select });
    const active = stored.map((row) => ({ id: row.id, ...openIdentifier(cipher, row) }));
    const [kept, present] = [new Set(wanted.map(key)), new Set(active.map(key))];
    const gone = active.filter((identifier) => !kept.has(key(identifier))).map(({ id }) => id);
    const added = wanted.filter((identifier) => !present.has(key(identifier)));
    await tx.patientIdentifier.updateMany({
      where: { id: { in: gone } },
      data: { endedAt: new Date(), updatedBy: by },
    });
    const data = added.map(({ system, value }) => {
      const id = uuidv7();
      return { id, patientId, system, ...sealIdentifier(cipher, id, value), createdBy: by, updatedBy: by };
    });
    await tx.patientIdentifier.createMany({ data }).catch(refuseTaken);
  }

  /** Frees the identifiers of a deleted patient for the record that is the right one. */
  async endAll(tx: TenantTx, patientId: string, at: Date, by: string): Promise<void> {
    await tx.patientIdentifier.updateMany({
      where: { patientId, endedAt: null },
      data: { endedAt: at, updatedBy: by },
    });
  }

  /** Gives back what {@link endAll} took at that moment. @throws `patient.identifier-taken` */
  async resume(tx: TenantTx, patientId: string, endedAt: Date, by: string): Promise<void> {
    await tx.patientIdentifier
      .updateMany({ where: { patientId, endedAt }, data: { endedAt: null, updatedBy: by } })
      .catch(refuseTaken);
  }
}

function refuseTaken(err: unknown): never {
  if (constraintOf(err) !== 'patient_identifier_active') throw err;
  const message = 'one of the identifiers belongs to another patient';
  throw patientError('patient.identifier-taken', {
    errors: [{ field: 'identifiers', code: 'taken', message }],
    cause: err,
  });
}
