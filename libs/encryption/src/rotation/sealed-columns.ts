import { OperatorError } from '@hms/database';
import pg from 'pg';

/** A column whose values are sealed. */
export interface StoredColumn {
  readonly schema: string;
  readonly table: string;
  readonly column: string;
  /** The primary key in its order. */
  readonly key: readonly { readonly name: string; readonly type: string }[];
}

/** Every column named `…_sealed` in these schemas. */
export async function sealedColumns(owner: pg.ClientBase, schemas: readonly string[]): Promise<StoredColumn[]> {
  const { rows } = await owner.query<StoredColumn>(
    `select n.nspname as schema, c.relname as table, a.attname as column,
            coalesce((select json_agg(json_build_object('name', k.attname, 'type', format_type(k.atttypid, k.atttypmod))
                                      order by array_position(i.indkey::int2[], k.attnum))
                        from pg_index i join pg_attribute k on k.attrelid = i.indrelid and k.attnum = any (i.indkey)
                       where i.indrelid = c.oid and i.indisprimary), '[]') as key
       from pg_attribute a join pg_class c on c.oid = a.attrelid join pg_namespace n on n.oid = c.relnamespace
      where n.nspname = any ($1) and c.relkind in ('r', 'p') and not c.relispartition
        and a.attname like '%\\_sealed' and not a.attisdropped
      order by 1, 2, 3`,
    [schemas],
  );
  const keyless = rows.find(({ key }) => key.length === 0);
  if (keyless) throw new OperatorError(`${keyless.schema}.${keyless.table} has sealed values but no primary key.`);
  return rows;
}

export interface SealedRow {
  /** The primary key, each column as PostgreSQL prints it. */
  readonly key: readonly string[];
  readonly sealed: string;
}

const name = pg.escapeIdentifier;
const tableOf = ({ schema, table }: StoredColumn): string => `${name(schema)}.${name(table)}`;

/** Rows sealed under one of these keys, after a primary key and in its order; locked until the transaction ends. */
export async function lockSealedRows(
  owner: pg.ClientBase,
  table: StoredColumn,
  { kids, after, limit }: { kids: readonly string[]; after: readonly string[] | undefined; limit: number },
): Promise<SealedRow[]> {
  const columns = table.key.map((column) => name(column.name)).join(', ');
  const printed = table.key.map((column) => `${name(column.name)}::text`).join(', ');
  const values = table.key.map(({ type }, i) => `$${String(i + 3)}::${type}`).join(', ');
  const { rows } = await owner.query<SealedRow>(
    `select array[${printed}] as key, ${name(table.column)} as sealed from ${tableOf(table)}
      where split_part(${name(table.column)}, '.', 2) = any ($1) ${after ? `and (${columns}) > (${values})` : ''}
      order by ${columns} limit $2 for update`,
    [kids, limit, ...(after ?? [])],
  );
  return rows;
}

export async function storeSealedRows(
  owner: pg.ClientBase,
  table: StoredColumn,
  rows: readonly SealedRow[],
): Promise<void> {
  const arrays = table.key.map(({ type }, i) => `$${String(i + 2)}::${type}[]`).join(', ');
  const names = table.key.map((_, i) => `key${String(i)}`);
  const same = table.key.map((column, i) => `t.${name(column.name)} = u.key${String(i)}`).join(' and ');
  await owner.query(
    `update ${tableOf(table)} as t set ${name(table.column)} = u.sealed
       from unnest($1::text[], ${arrays}) as u (sealed, ${names.join(', ')}) where ${same}`,
    [rows.map(({ sealed }) => sealed), ...table.key.map((_, i) => rows.map(({ key }) => key[i]))],
  );
}
