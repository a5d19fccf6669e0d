import type { Permission } from '@hms/contracts';
import type { Identity } from '../../platform/access/actor.js';
import { clinicalFields } from './clinical-fields.policy.js';
import type { HistoryEntryDto } from './patient-history.dto.js';

export const snakeCase = (name: string): string => name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
const camelCase = (name: string): string => name.replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase());

/** Keys say nothing a reader does not know already, and the text of a note is read in the note. */
const unshown = ['id', 'patient_id', 'text'];

/** Tables of which everybody sees who sees the history, and those that take a permission. */
const entities: readonly (readonly [table: string, needs?: Permission])[] = [
  ['patient'],
  ['patient_identifier'],
  ['allergy', 'allergy:read'],
  ['condition', 'condition:read'],
  ['note', 'note:read'],
  // What was written with it; what became of it is in the timeline.
  ['appointment', 'appointment:read'],
];

/** Tables whose rows this reader may know. */
export const shownEntities = ({ permissions }: Pick<Identity, 'permissions'>): string[] =>
  entities.flatMap(([table, needs]) => (needs === undefined || permissions.has(needs) ? [table] : []));

/** Columns whose changes are not shown to somebody who does or does not see clinical fields. */
export const hiddenColumns = (seesClinical: boolean): string[] =>
  seesClinical ? unshown : [...unshown, ...clinicalFields.map(snakeCase)];

/** What the row of a table is called at the API. */
export const namedEntity = (table: string): string => table.replaceAll('_', '-');

/** The fields a client knows, by the names it knows them by. */
export const namedChanges = (columns: HistoryEntryDto['changes']): HistoryEntryDto['changes'] =>
  Object.fromEntries(Object.entries(columns).map(([column, change]) => [camelCase(column), change]));
