import type { DeviceMap } from '../../devices/device-map.js';
import type { Hospital } from '../../hospitals/hospital.js';
import { fields } from '../fields.js';
import { copyColumns, type FlushMark } from './copy-encoder.js';
import { oldestFresh } from './fresh.js';
import type { HospitalGroup, TableRows } from './hospital-group.js';

// A flush goes out as few simple messages, which take no parameters: one round trip each, and no prepared statements
// for PgBouncer to lose. All text below is ours, a number, an id from the database, or hexadecimal.

const columns = copyColumns.join(', ');
const keys = { vitals: 'patient_id, recorded_at, device_no', vitals_unassigned: 'device_no, recorded_at' };

/** A hospital whose tables are locked, as by a migration, must not hold up the others of its flush for long. */
const beginning = (lockMs: number): string =>
  `begin; set local statement_timeout = '5s'; set local lock_timeout = '${lockMs}ms'`;
export const begin = beginning(1_000);
/** Of a hospital by itself, after the flush had the time to wait. */
export const beginAgain = beginning(300);

/** Rows of a hospital whose patients were found with the assignments of that epoch. */
export interface Resolved {
  readonly hospital: Hospital;
  readonly devices: Pick<DeviceMap, 'epoch'>;
}

/** Nobody waits for another's transaction, which may take long: 55P03 is tried again. */
const held = 'for share nowait';

/**
 * Fails with 22012 when what the rows were resolved with is no longer true: a device that moved on must not write to
 * its previous patient. Holds the epochs until the commit, and fails with 55P03 while somebody changes one: whoever moves
 * readings from one patient to another advances the epoch first, and then finds these. It comes last, so that it is not
 * held long.
 */
export function assertEpochs(groups: readonly Resolved[]): string {
  const expected = groups.map(({ hospital, devices }) => `('${hospital.id}'::uuid, ${devices.epoch})`).join(', ');
  return `select 1 / (count(*) = ${groups.length})::int from (
    select from public.ingest_epoch where (hospital_id, epoch) in (${expected}) order by hospital_id ${held}) as held`;
}

/** From here to the commit no reading of the hospital moves from one patient to another. */
export const holdEpoch = ({ id }: Hospital): string =>
  `select from public.ingest_epoch where hospital_id = '${id}' ${held}`;

export const copyInto = ({ schema, name }: TableRows): string =>
  `copy ${schema}.${name} (${columns}) from stdin (format binary)`;

export function insertFlush({ hospital, rows }: HospitalGroup, { writer, flushNo }: FlushMark): string {
  let from = Infinity;
  let until = -Infinity;
  for (const { reading } of rows) {
    if (reading.recordedAt < from) from = reading.recordedAt;
    if (reading.recordedAt > until) until = reading.recordedAt;
  }
  return `insert into ${hospital.schema}.telemetry_flush (writer, flush_no, rows, recorded_from, recorded_until, fresh_from)
    values (${writer}, ${flushNo}, ${rows.length}, ${timestamp(from)}, ${timestamp(until)},
            ${timestamp(oldestFresh(rows, flushNo))})`;
}

/**
 * Text a client chose, without quoting: hexadecimal in, text out. In the collation of columns and their indexes, for
 * `convert_from` has that of the encoding's name, by which no index finds anything.
 */
export const text = (value: string): string =>
  `(convert_from('\\x${Buffer.from(value).toString('hex')}', 'UTF8') collate "default")`;

/** What PostgreSQL takes as text: no NUL, and whole characters. */
export const storable = (value: string): string => Buffer.from(value).toString().replaceAll('\0', '\ufffd');

/** @param micros since 1970, to the microsecond; may be infinite */
export const timestamp = (micros: number): string =>
  Number.isFinite(micros)
    ? `timestamptz 'epoch' + ${micros} * interval '1 microsecond'`
    : `timestamptz '${micros > 0 ? '' : '-'}infinity'`;

export const selectFlush = ({ hospital }: HospitalGroup, { writer, flushNo }: FlushMark): string =>
  `select 1 as found from ${hospital.schema}.telemetry_flush where writer = ${writer} and flush_no = ${flushNo}`;

/** A place beside the table: rows that may be stored already cannot be copied into it directly. */
export const createStaging = ({ schema, name }: TableRows): string =>
  `create temporary table staged_${name} (like ${schema}.${name}) on commit drop`;

export const copyIntoStaging = ({ name }: TableRows): string =>
  `copy pg_temp.staged_${name} (${columns}) from stdin (format binary)`;

export interface DuplicateRow {
  readonly device_no: number;
  /** Microseconds since 1970. */
  readonly recorded_at: string;
}

/**
 * Moves the staged rows over. A row that is there already keeps its mark and takes what the new one adds; those are
 * returned.
 */
export function mergeStaged({ schema, name }: TableRows, { writer, flushNo }: FlushMark): string {
  const merged = fields.map(({ column }) => `${column} = coalesce(excluded.${column}, stored.${column})`).join(', ');
  return `with merged as (
      insert into ${schema}.${name} as stored (${columns}) select ${columns} from pg_temp.staged_${name}
      on conflict (${keys[name]}) do update set ${merged}, flags = stored.flags | excluded.flags
      returning device_no, recorded_at, flush_no, writer)
    select device_no, (extract(epoch from recorded_at) * 1000000)::bigint::text as recorded_at
      from merged where (writer, flush_no) <> (${writer}, ${flushNo})`;
}
