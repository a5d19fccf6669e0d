import { clinicalFields } from './clinical-fields.policy.js';
import type { HistoryEntryDto } from './patient-history.dto.js';

const snakeCase = (name: string): string => name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
const camelCase = (name: string): string => name.replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase());

/** Keys say nothing a reader does not know already. */
const keys = ['id', 'patient_id'];

/** Columns whose changes are not shown to somebody who does or does not see clinical fields. */
export const hiddenColumns = (seesClinical: boolean): string[] =>
  seesClinical ? keys : [...keys, ...clinicalFields.map(snakeCase)];

/** What the row of a table is called at the API. */
export const namedEntity = (table: string): string => table.replaceAll('_', '-');

/** The fields a client knows, by the names it knows them by. */
export const namedChanges = (columns: HistoryEntryDto['changes']): HistoryEntryDto['changes'] =>
  Object.fromEntries(Object.entries(columns).map(([column, change]) => [camelCase(column), change]));
