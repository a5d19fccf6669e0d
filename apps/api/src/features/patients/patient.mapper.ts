import type { FieldCipher } from '@hms/encryption';
import type { Actor } from '../../platform/access/actor.js';
import { seesClinicalFields, type clinicalFields } from './clinical-fields.policy.js';
import { openIdentifier } from './identifier-seal.js';
import { formatPartialDate, isDatePrecision } from './partial-date.js';
import { allergyStatuses, type AllergyStatus } from './patient.terms.js';
import type { AddressDto, PatientDto } from './patients.dto.js';
import type { PatientRow } from './patients.repository.js';

/** All that is known of a patient, whoever may see it: what the cache keeps. */
export interface PatientRecord {
  readonly identity: PatientDto;
  readonly clinical: Pick<PatientDto, (typeof clinicalFields)[number]>;
}

/** Without its keys it lacks nothing but the identifiers. */
export const toPatientRecord = (row: PatientRow, cipher: FieldCipher): PatientRecord => ({
  identity: {
    id: row.id,
    mrn: row.mrn,
    familyName: row.familyName,
    givenName: row.givenName,
    birthDate: birthDateOf(row),
    sexForClinicalUse: row.sexForClinicalUse,
    gender: row.gender,
    phone: row.phone,
    email: row.email,
    address: addressOf(row.address),
    preferredLanguage: row.preferredLanguage,
    deceasedAt: row.deceasedAt?.toISOString() ?? null,
    identifiers: cipher.available ? row.identifiers.map((one) => openIdentifier(cipher, one)) : null,
    wardId: row.wardId,
    version: row.version,
    createdAt: row.createdAt.toISOString(),
    updatedAt: row.updatedAt.toISOString(),
    deletedAt: row.deletedAt?.toISOString() ?? null,
    deletedReason: row.deletedReason,
  },
  clinical: { allergyStatus: allergyStatusOf(row.allergyStatus), bloodGroup: row.bloodGroup },
});

/** The record as far as this actor may know it. */
export const visibleTo = (actor: Actor, { identity, clinical }: PatientRecord): PatientDto =>
  seesClinicalFields(actor, identity.id) ? { ...identity, ...clinical } : identity;

export const toPatientDto = (actor: Actor, row: PatientRow, cipher: FieldCipher): PatientDto =>
  visibleTo(actor, toPatientRecord(row, cipher));

export function birthDateOf(row: Pick<PatientRow, 'birthDate' | 'birthDatePrecision'>): string | null {
  if (row.birthDate === null) return null;
  const precision = isDatePrecision(row.birthDatePrecision) ? row.birthDatePrecision : 'year';
  return formatPartialDate({ first: row.birthDate, precision });
}

/** Anything this version does not know reads as the status that promises nothing. */
export const allergyStatusOf = (stored: string): AllergyStatus =>
  allergyStatuses.find((status) => status === stored) ?? 'not-asked';

const addressFields = ['line', 'city', 'district', 'state', 'postalCode', 'country'] as const;

function addressOf(stored: PatientRow['address']): AddressDto | null {
  if (typeof stored !== 'object' || stored === null || Array.isArray(stored)) return null;
  const known = addressFields.flatMap((field) => {
    const value = stored[field];
    return typeof value === 'string' ? [[field, value] as const] : [];
  });
  return Object.fromEntries(known);
}
