import type { FieldCipher } from '@hms/encryption';
import type { Actor } from '../../platform/access/actor.js';
import { seesClinicalFields, type clinicalFields } from './clinical-fields.policy.js';
import { openIdentifier } from './identifier-seal.js';
import { formatPartialDate, isDatePrecision } from './partial-date.js';
import { allergyStatuses, type AllergyStatus } from './patient.terms.js';
import type { AddressDto, PatientDto } from './patients.dto.js';
import type { PatientRow } from './patients.repository.js';

/** The record as far as this actor may know it. Without its keys it lacks nothing but the identifiers. */
export function toPatientDto(actor: Actor, row: PatientRow, cipher: FieldCipher): PatientDto {
  return {
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
    ...(seesClinicalFields(actor, row.id) ? clinicalPart(row) : {}),
    version: row.version,
    createdAt: row.createdAt.toISOString(),
    updatedAt: row.updatedAt.toISOString(),
    deletedAt: row.deletedAt?.toISOString() ?? null,
    deletedReason: row.deletedReason,
  };
}

const clinicalPart = (row: PatientRow): Pick<PatientDto, (typeof clinicalFields)[number]> => ({
  allergyStatus: allergyStatusOf(row.allergyStatus),
  bloodGroup: row.bloodGroup,
});

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
