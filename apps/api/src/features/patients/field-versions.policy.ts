import { snakeCase } from './patient-history.policy.js';

/** A patient's version, and in which version each column changed last. A column that is missing never changed. */
export interface FieldVersions {
  readonly version: number;
  readonly columns: Readonly<Record<string, number>>;
}

/** In which version a field changed last, or later: identifiers lie in a table of their own, and count as new always. */
export function versionOfField({ version, columns }: FieldVersions, field: string): number {
  if (field === 'identifiers') return version;
  return Math.max(...columnsOf(field).map((column) => columns[column] ?? 0));
}

const columnsOf = (field: string): string[] =>
  field === 'birthDate' ? ['birth_date', 'birth_date_precision'] : [snakeCase(field)];
