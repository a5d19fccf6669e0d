import { presentFields, type Present } from '../../platform/http/patch.js';
import { parsePartialDate, type DatePrecision } from './partial-date.js';
import type { AddressDto, UpdatePatientDto } from './patients.dto.js';

/** A patient's own columns as they are stored. */
export interface PatientColumns {
  readonly familyName: string;
  readonly givenName: string;
  readonly birthDate: Date | null;
  readonly birthDatePrecision: DatePrecision;
  readonly sexForClinicalUse: string;
  readonly gender: string | null;
  readonly bloodGroup: string | null;
  readonly phone: string | null;
  readonly email: string | null;
  readonly address: Readonly<Record<string, string>> | null;
  readonly preferredLanguage: string | null;
  readonly deceasedAt: Date | null;
}

/** What a request says of a patient, as columns; what it does not mention stays out. */
export function toPatientColumns(details: UpdatePatientDto): Present<PatientColumns> {
  return presentFields({
    familyName: details.familyName,
    givenName: details.givenName,
    ...birthColumns(details.birthDate),
    sexForClinicalUse: details.sexForClinicalUse,
    gender: details.gender,
    bloodGroup: details.bloodGroup,
    phone: details.phone,
    email: details.email,
    address: details.address && addressColumn(details.address),
    preferredLanguage: details.preferredLanguage,
    deceasedAt: details.deceasedAt,
  });
}

function birthColumns(
  text: string | null | undefined,
): Partial<Pick<PatientColumns, 'birthDate' | 'birthDatePrecision'>> {
  if (text === undefined) return {};
  const date = text === null ? undefined : parsePartialDate(text);
  return { birthDate: date?.first ?? null, birthDatePrecision: date?.precision ?? 'day' };
}

/** An address without any line is none. */
function addressColumn(address: AddressDto): Record<string, string> | null {
  const lines = Object.entries(address).filter((line): line is [string, string] => typeof line[1] === 'string');
  return lines.length > 0 ? Object.fromEntries(lines) : null;
}
