import { createHash } from 'node:crypto';
import { schemaOf, type Hospital } from '@hms/database';
import pg from 'pg';

/** What a refusal is meant to write. */
const records = /audit|throttle|login_attempt|rate|^_migration|^outbox_delivery$|^data_key$/;
/** What says only that somebody was here. */
const traces = ['fanned_out_at', 'last_seen_at', 'last_used_at', 'last_active_at', 'last_login_at'];

/** The rows of a public table that belong to a hospital, by the columns the table has. */
function belonging(table: string, columns: ReadonlySet<string>): string | undefined {
  if (table === 'hospital') return 'id = any($1)';
  const members = 'select user_id from public.membership where hospital_id = any($1)';
  if (table === 'app_user') return `id in (${members})`;
  if (columns.has('hospital_id')) return 'hospital_id = any($1)';
  if (columns.has('session_id')) {
    return 'session_id in (select id from public.session where hospital_id = any($1))';
  }
  return columns.has('user_id') ? `user_id in (${members})` : undefined;
}

interface Table {
  readonly schema: string;
  readonly name: string;
  readonly columns: readonly string[];
}

/** Changes whenever a row of these hospitals does, in their schemas or in what hospitals share. */
export class DatabaseDigest {
  private constructor(
    private readonly owner: pg.Client,
    private readonly statement: string,
    private readonly ids: readonly string[],
  ) {}

  static async open(url: string, hospitals: readonly Hospital[]): Promise<DatabaseDigest> {
    const owner = new pg.Client({ connectionString: url });
    await owner.connect();
    const schemas = ['public', ...hospitals.map(({ slug }) => schemaOf(slug))];
    const { rows } = await owner.query<Table>(
      `select n.nspname as schema, c.relname as name, array_agg(a.attname::text) as columns
         from pg_class c join pg_namespace n on n.oid = c.relnamespace
         join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
        where n.nspname = any($1) and c.relkind in ('r', 'p') and not c.relispartition
        group by 1, 2 order by 1, 2`,
      [schemas],
    );
    const parts = rows.flatMap((table) => partOf(table));
    return new DatabaseDigest(
      owner,
      parts.join(' union all '),
      hospitals.map(({ id }) => id),
    );
  }

  async read(): Promise<string> {
    const { rows } = await this.owner.query(this.statement, [this.ids]);
    return createHash('sha256').update(JSON.stringify(rows)).digest('hex');
  }

  close(): Promise<void> {
    return this.owner.end();
  }
}

function partOf({ schema, name, columns }: Table): string[] {
  const rows = schema === 'public' ? belonging(name, new Set(columns)) : 'cardinality($1::uuid[]) > 0';
  if (records.test(name) || rows === undefined) return [];
  const content = traces.reduce((json, trace) => `${json} - '${trace}'`, 'to_jsonb(t)');
  const table = `${pg.escapeIdentifier(schema)}.${pg.escapeIdentifier(name)}`;
  return [
    `select '${schema}.${name}' as name, count(*), sum(hashtextextended((${content})::text, 0)::numeric) from ${table} t where ${rows}`,
  ];
}
