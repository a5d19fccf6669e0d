import pg from 'pg';

type Cell = string | number | boolean | null | Date | readonly string[] | object;

/**
 * Inserts rows in one statement and leaves alone those that exist. The table's own types parse the values, so arrays,
 * ranges and JSON are given as PostgreSQL reads them from JSON.
 * @param table qualified and quoted
 * @param rows all with the same columns
 */
export async function insertRows(
  client: pg.ClientBase,
  table: string,
  rows: readonly Readonly<Record<string, Cell>>[],
): Promise<void> {
  const [first] = rows;
  if (!first) return;
  const columns = Object.keys(first)
    .map((name) => pg.escapeIdentifier(name))
    .join(', ');
  await client.query(
    `insert into ${table} (${columns}) select ${columns} from jsonb_populate_recordset(null::${table}, $1)
     on conflict do nothing`,
    [JSON.stringify(rows)],
  );
}
