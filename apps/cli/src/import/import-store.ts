import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { vitalSigns, type VitalValue } from '@hms/contracts';
import { repeatVictims } from '@hms/database';
import type pg from 'pg';
import { from as copyFrom } from 'pg-copy-streams';
import { inTransaction } from '../in-transaction.js';
import type { Chunk } from './chunks.js';
import type { Counts, ImportLedger } from './import-ledger.js';
import type { ChunkStore } from './import-run.js';
import type { ImportReading, Window } from './reading.js';
import { microsText } from './time.js';

const signs = vitalSigns.map(({ column }) => column);
const staged = ['recorded_at', 'device_no', 'flags', ...signs].join(', ');
const stored = ['patient_id', 'recorded_at', 'device_no', 'flush_no', 'writer', 'flags', ...signs].join(', ');
const merged = signs.map((column) => `coalesce(stored.${column}, excluded.${column})`);
const adds = `(${signs.map((column) => `stored.${column}`).join(', ')}) is distinct from (${merged.join(', ')})`;
const merge = [...signs.map((column, i) => `${column} = ${merged[i] ?? ''}`), 'flags = stored.flags | excluded.flags'];

/** Writes chunks of a file past ingest, which takes nothing as old. No alarm is raised for what they hold. */
export class ImportStore implements ChunkStore<ImportReading> {
  #flushNo = 0;
  readonly #owner: pg.Client;
  readonly #schema: string;

  private constructor(
    private readonly ledger: ImportLedger,
    private readonly writer: number,
    private readonly deviceNumbers: ReadonlyMap<string, number>,
  ) {
    this.#owner = ledger.owner;
    this.#schema = ledger.schema;
  }

  static async open(ledger: ImportLedger, numbers: ReadonlyMap<string, number>): Promise<ImportStore> {
    const { owner, schema } = ledger;
    const drawn = await owner.query<{ writer: number }>(`select nextval('public.ingest_writer')::int as writer`);
    await owner.query(
      `create temporary table staged_import on commit delete rows as select ${staged} from ${schema}.vitals with no data`,
    );
    return new ImportStore(ledger, drawn.rows[0]?.writer ?? 0, numbers);
  }

  /**
   * Stores the chunk and its row of the ledger, together or not at all.
   * @param rejectsBytes how long the file of rejects is with those of the chunk
   */
  async store(chunk: Chunk<ImportReading>, rejectsBytes: number): Promise<Counts> {
    const readings = fold(chunk.items, this.deviceNumbers);
    if (readings.length > 0) await this.#ensurePartitions(readings);
    return repeatVictims(() => inTransaction(this.#owner, () => this.#write(chunk, readings, rejectsBytes)));
  }

  /** Of the months that are there, and not of those between them. */
  async #ensurePartitions(readings: readonly ImportReading[]): Promise<void> {
    const times = readings.map(({ micros }) => microsText(micros));
    await this.#owner.query(
      `select ${this.#schema}.ensure_telemetry_partitions(min(at), max(at)) from unnest($1::timestamptz[]) as at
        group by date_trunc('month', at at time zone 'UTC')`,
      [times],
    );
  }

  async #write(chunk: Chunk<ImportReading>, readings: readonly ImportReading[], rejectsBytes: number): Promise<Counts> {
    const flushNo = (this.#flushNo = Math.max(this.#flushNo + 1, Date.now() * 1_000));
    const mark = [flushNo, this.writer];
    // Nobody moves a device between our look at who wore it and our commit.
    await this.#owner.query(`lock table ${this.#schema}.device_assignment in share mode`);
    const copy = this.#owner.query(copyFrom(`copy pg_temp.staged_import (${staged}) from stdin`));
    await pipeline(Readable.from([readings.map((reading) => this.#line(reading)).join('')]), copy);
    const { rows } = await this.#owner.query<{ assigned: number; unassigned: number }>(this.#insert(), mark);
    const { assigned = 0, unassigned = 0 } = rows[0] ?? {};
    if (readings.length > 0) await this.#owner.query(this.#flush(), mark);
    await this.#owner.query(this.#soil());
    await this.#owner.query(this.#refresh());
    return this.ledger.record(chunk, { accepted: assigned + unassigned, unassigned }, rejectsBytes);
  }

  /** Rows that are there already stay as they are, and take what they do not have. */
  #insert(): string {
    const schema = this.#schema;
    const into = (table: string, key: string, where: string): string =>
      `insert into ${schema}.${table} as stored (${stored})
       select patient_id, recorded_at, device_no, $1, $2, flags, ${signs.join(', ')} from resolved
        where patient_id is ${where} order by ${key}
       on conflict (${key}) do update set ${merge.join(', ')} where ${adds}
       returning (flush_no, writer) = ($1, $2) as new`;
    return `with resolved as (
        select staged.*, a.patient_id from pg_temp.staged_import staged
          join ${schema}.device d using (device_no)
          left join ${schema}.device_assignment a on a.device_id = d.id and a.valid @> staged.recorded_at),
      assigned as (${into('vitals', 'patient_id, recorded_at, device_no', 'not null')}),
      unassigned as (${into('vitals_unassigned', 'device_no, recorded_at', 'null')})
      select (select count(*) from assigned where new)::int as assigned,
             (select count(*) from unassigned where new)::int as unassigned`;
  }

  /** Its scores are taken for computed, because old ones page nobody, and what to sum up again is in `vitals_dirty`. */
  #flush(): string {
    return `insert into ${this.#schema}.telemetry_flush
        (flush_no, writer, rows, recorded_from, recorded_until, fresh_from, evaluated)
      select $1, $2, count(*), min(recorded_at), max(recorded_at), 'infinity', true from pg_temp.staged_import`;
  }

  /** Day by day, so that little is summed up again of which nothing came. */
  #soil(): string {
    return `insert into ${this.#schema}.vitals_dirty (patient_id, since, until)
      select patient_id, min(recorded_at), max(recorded_at) from ${this.#worn()}
       group by patient_id, date_trunc('day', recorded_at at time zone 'UTC')`;
  }

  /** Only readings of the last day can be the latest of somebody whose values anyone watches. */
  #refresh(): string {
    return `select ${this.#schema}.refresh_vitals_latest(patient_id, now() - interval '1 day') from (
      select distinct patient_id from ${this.#worn()}
       where recorded_at > now() - interval '1 day' order by patient_id) as recent`;
  }

  /** The readings that are somebody's. */
  #worn(): string {
    return `pg_temp.staged_import staged join ${this.#schema}.device d using (device_no)
        join ${this.#schema}.device_assignment a on a.device_id = d.id and a.valid @> staged.recorded_at`;
  }

  #line({ device, micros, flags, values }: ImportReading): string {
    const cells = [microsText(micros), this.deviceNumbers.get(device), flags, ...values.map(cell)];
    return `${cells.join('\t')}\n`;
  }
}

/** When a reading may have been recorded: not before those that were retired, nor before anybody could mean it. */
export async function windowOf(owner: pg.Client, schema: string): Promise<Window> {
  const { rows } = await owner.query<{ now: number; from: number }>(
    `select extract(epoch from now())::float8 * 1000 as now,
            extract(epoch from greatest(raw_from, now() - interval '20 years'))::float8 * 1000 as from
       from ${schema}.vitals_rollup`,
  );
  return rows[0] ?? { now: Date.now(), from: Infinity };
}

/** By the names that gateways send. */
export async function deviceNumbers(owner: pg.Client, schema: string): Promise<ReadonlyMap<string, number>> {
  const { rows } = await owner.query<{ name: string; no: number }>(
    `select external_id as name, device_no as no from ${schema}.device`,
  );
  return new Map(rows.map(({ name, no }) => [name, no]));
}

const cell = (value: VitalValue | null): string => (value === null ? '\\N' : String(value));

/** One reading per device and time, which is what a table keeps: the later ones add what the first does not have. */
function fold(readings: readonly ImportReading[], numbers: ReadonlyMap<string, number>): ImportReading[] {
  const folded = new Map<string, ImportReading>();
  for (const reading of readings) {
    const key = `${String(numbers.get(reading.device))} ${String(reading.micros)}`;
    const first = folded.get(key);
    if (!first) folded.set(key, reading);
    else {
      const values = first.values.map((value, i) => value ?? reading.values[i] ?? null);
      folded.set(key, { ...first, values, flags: first.flags | reading.flags });
    }
  }
  return [...folded.values()];
}
