import { schemaOf, type Hospital } from '@hms/database';
import pg from 'pg';

/** What is left out, and why it may differ although nothing went wrong. No effect of a handler is kept in these. */
const leftOut: Readonly<Record<string, string>> = {
  audit_event: 'a refusal is recorded',
  audit_chain: 'the sequencer follows the records',
  audit_checkpoint: 'the sequencer follows the records',
  audit_sequencer: 'the sequencer follows the records',
  login_failure: 'a failed sign-in counts',
  login_throttle: 'a failed sign-in counts',
  login_spray: 'a failed sign-in counts',
  outbox_delivery: 'the relay makes it of an outbox_event, which is compared',
  score_mark: 'the evaluator notes what it scored by',
  score_due: 'the evaluator drains it, and asking for a score is a trigger of what is compared',
  score_result: 'the evaluator keeps scores a little later',
  vitals_dirty: 'the worker drains it, and sums up what of vitals is compared',
  vitals_rollup: 'the worker notes how far it got',
  vitals_1m: 'the worker sums up vitals, which are compared',
  vitals_15m: 'the worker sums up vitals, which are compared',
  data_key: 'made once by whoever first encrypts something of its kind',
  spatial_ref_sys: 'belongs to PostGIS',
};
/**
 * What is written behind requests too: rounds and sweeps end, move and raise alarms, and tell of it. That it was written
 * proves nothing unless it is written again when the request is sent again.
 */
const behind = new Set(['alarm', 'alarm_event', 'alarm_agenda', 'outbox_event']);
export const isWrittenBehind = (name: string): boolean => behind.has(name.split('.').at(-1) ?? '');

/** Columns of which the same is true. */
const leftOutColumns: Readonly<Record<string, string>> = {
  fanned_out_at: 'the relay stamps an event later',
  last_seen_at: 'a session is in use, whatever it asks for',
};

/** A number for what each table holds, by `schema.table`. */
export type Digest = ReadonlyMap<string, string>;

interface Table {
  readonly name: string;
  /** Quoted. */
  readonly relation: string;
  readonly key: readonly string[];
}
const tablesSql = `
  select format('%s.%s', n.nspname, c.relname) as name, format('%I.%I', n.nspname, c.relname) as relation,
         array(select a.attname::text from pg_index i join pg_attribute a on a.attrelid = i.indrelid and a.attnum = any(i.indkey)
                where i.indrelid = c.oid and i.indisprimary order by a.attnum) as key
    from pg_class c join pg_namespace n on n.oid = c.relnamespace
   where n.nspname = any($1) and c.relkind in ('r', 'p') and not c.relispartition and not c.relname = any($2)
   order by 1`;
const content = `(${Object.keys(leftOutColumns).reduce((json, column) => `${json} - '${column}'`, 'to_jsonb(t)')})::text`;

/** Tells whether anything is written in these hospitals' schemas or in what hospitals share, and which row. */
export class DatabaseDigest {
  readonly #statement: string;

  private constructor(
    private readonly owner: pg.Client,
    private readonly tables: readonly Table[],
    private readonly opened: Date,
  ) {
    const parts = tables.map(
      ({ name, relation }) =>
        `select ${pg.escapeLiteral(name)} as name, concat(count(*), ':', sum(hashtextextended(${content}, 0))) as hash from ${relation} t`,
    );
    this.#statement = parts.join(' union all ');
  }

  static async open(url: string, hospitals: readonly Hospital[]): Promise<DatabaseDigest> {
    const owner = new pg.Client({ connectionString: url });
    await owner.connect();
    const opened = new Date();
    const schemas = ['public', ...hospitals.map(({ slug }) => schemaOf(slug))];
    const { rows } = await owner.query<Table>(tablesSql, [schemas, Object.keys(leftOut)]);
    return new DatabaseDigest(owner, rows, opened);
  }

  async read(): Promise<Digest> {
    const { rows } = await this.owner.query<{ name: string; hash: string }>({
      name: 'fuzz_digest',
      text: this.#statement,
    });
    return new Map(rows.map(({ name, hash }) => [name, hash]));
  }

  /** The same for each row of a table, by its primary key. */
  async rows(name: string): Promise<Digest> {
    const table = this.tables.find((each) => each.name === name);
    if (!table) throw new Error(`there is no table ${name} to compare`);
    const key = table.key.map((column) => `t.${pg.escapeIdentifier(column)}`).join(', ');
    const { rows } = await this.owner.query<{ key: string; hash: string }>(
      `select jsonb_build_array(${key})::text as key, hashtextextended(${content}, 0) as hash from ${table.relation} t`,
    );
    return new Map(rows.map((row) => [row.key, row.hash]));
  }

  /** Whether a worker is done with all events since the beginning: until then it may write what a request set off. */
  async isQuiet(): Promise<boolean> {
    const { rows } = await this.owner.query<{ waiting: boolean }>(
      `select exists (select from public.outbox_event where fanned_out_at is null and occurred_at >= $1)
           or exists (select from public.outbox_delivery where state in ('pending', 'leased') and occurred_at >= $1)
           as waiting`,
      [this.opened],
    );
    return rows[0]?.waiting === false;
  }

  close(): Promise<void> {
    return this.owner.end();
  }
}

/** Names of what is in one and not the same in the other. */
export const differing = (before: Digest, after: Digest): string[] =>
  [...new Set([...before.keys(), ...after.keys()])].filter((name) => before.get(name) !== after.get(name));
