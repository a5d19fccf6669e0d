import { syncEntities, type SyncEntityName } from '@hms/contracts';
import type { Field } from './entities/entity.js';

export type Fields = Readonly<Record<string, Field>>;

/** The ids in a JSON list, a parameter such as `$1`, as a subquery. */
export const idsIn = (json: string): string =>
  `(select value::uuid from jsonb_array_elements_text(${json}::text::jsonb))`;

/** A JSON list of texts as an array of keys. */
export const keysIn = (json: string): string => `array(select jsonb_array_elements_text(${json}::text::jsonb))`;

/** The fields of row `r` as one JSON text. */
export function fieldsSql(fields: Fields, extra: readonly string[] = []): string {
  const pairs = Object.entries(fields).flatMap(([name, { sql }]) => (sql === undefined ? [] : [`'${name}', ${sql}`]));
  return `json_build_object(${[...extra, ...pairs].join(', ')})`;
}

/** A row with its version and keys, as JSON text. `p` is its patient. */
export const wireRow = (fields: Fields): string =>
  `${fieldsSql(fields, [`'id', r.id`, `'_v', r.version`, `'_sk', to_json(sync.keys_of(p.id, p.ward_id))`])}::text`;

/** A row of {@link rowsToShow}. */
export interface ShownRow {
  readonly id: string;
  readonly keys: readonly string[];
  /** JSON. */
  readonly row: string;
}

/** Rows as devices hold them, and by which keys they may: `$1` is a list of ids. */
export function rowsToShow(schema: string, entity: SyncEntityName, fields: Fields): string {
  const { table, patientColumn } = syncEntities[entity];
  return `select r.id, to_jsonb(sync.keys_of(p.id, p.ward_id)) as keys, ${wireRow(fields)} as row
            from ${schema}.${table} r join ${schema}.patient p on p.id = r.${patientColumn}
           where r.id in ${idsIn('$1')} and p.deleted_at is null`;
}
