import { errorCode, failureOf } from '../../database/failure.js';
import type { Lane } from '../../database/lane.js';
import { absent } from '../fields.js';
import type { ResolvedReading } from '../reading.js';
import { noteAlarms } from './alarming.js';
import { encodeRows, type FlushMark } from './copy-encoder.js';
import { type DeadLetter, insertDeadLetters } from './dead-letters.js';
import { insertDirty } from './dirty-stretches.js';
import type { HospitalGroup, TableRows } from './hospital-group.js';
import { insertLedger } from './ledger.js';
import { insertStatedPatients } from './stated-patients.js';
import {
  assertEpochs,
  beginAgain,
  copyIntoStaging,
  createStaging,
  type DuplicateRow,
  insertFlush,
  mergeStaged,
} from './statements.js';
import { insertWaveforms } from './waveforms.js';

type Rows = readonly ResolvedReading[];

/**
 * Stores rows of which some may be stored already, through a staging table: half as fast as copying them directly.
 * Leaves the transaction open.
 * @returns those that were there
 */
async function stage(lane: Lane, tables: readonly TableRows[], mark: FlushMark): Promise<Set<ResolvedReading>> {
  const duplicates = new Set<ResolvedReading>();
  await lane.run(beginAgain);
  for (const table of tables) {
    const { firsts, repeats, merged } = fold(table.rows);
    for (const row of repeats) duplicates.add(row);
    const statements = [...insertWaveforms(table.schema, table.rows), createStaging(table), copyIntoStaging(table)];
    await lane.copy(statements.join('; '), [encodeRows(merged, mark)]);
    for (const { device_no, recorded_at } of await lane.run<DuplicateRow>(mergeStaged(table, mark))) {
      const row = firsts.get(keyOf(device_no, recorded_at));
      if (row) duplicates.add(row);
    }
  }
  return duplicates;
}

/**
 * Stores the group and keeps its dead letters, calling `beforeCommit` with the rows that were there already. Returns how
 * many alarms it raised.
 */
export async function mergeGroup(
  lane: Lane,
  { group, mark, deadLetters }: { group: HospitalGroup; mark: FlushMark; deadLetters: readonly DeadLetter[] },
  beforeCommit: (duplicates: ReadonlySet<ResolvedReading>) => void,
): Promise<number> {
  const duplicates = await stage(lane, group.tables, mark);
  beforeCommit(duplicates);
  const alarms = await noteAlarms(lane, [group]);
  const last = [
    insertFlush(group, mark),
    // Rows that were there keep their mark, by which the worker would not find them.
    ...insertDirty(group, Infinity),
    ...insertStatedPatients(group),
    ...insertLedger(group, duplicates),
    ...insertDeadLetters(group.hospital, deadLetters),
    assertEpochs([group]),
    'commit',
  ];
  await lane.run(last.join('; '));
  return alarms;
}

/** The rows the database does not accept, found by halving, each with the SQLSTATE it is refused with. */
export async function findPoison(
  lane: Lane,
  group: HospitalGroup,
  mark: FlushMark,
): Promise<Map<ResolvedReading, string>> {
  const poison = new Map<ResolvedReading, string>();
  for (const table of group.tables) await search(table);
  return poison;

  async function search(table: TableRows): Promise<void> {
    const { rows } = table;
    const state = await refusalOf(lane, table, mark);
    if (state === undefined) return;
    const [row] = rows;
    if (row && rows.length === 1) {
      poison.set(row, state);
      return;
    }
    const middle = rows.length >>> 1;
    await search({ ...table, rows: rows.slice(0, middle) });
    await search({ ...table, rows: rows.slice(middle) });
  }
}

/** The SQLSTATE the rows are refused with; undefined when they can be stored. */
async function refusalOf(lane: Lane, table: TableRows, mark: FlushMark): Promise<string | undefined> {
  try {
    await stage(lane, [table], mark);
    return undefined;
  } catch (err) {
    if (failureOf(err) === 'data') return errorCode(err);
    throw err;
  } finally {
    await lane.run('rollback');
  }
}

const keyOf = (deviceNo: number, recordedAt: string | number): string => `${deviceNo} ${recordedAt}`;

interface Folded {
  readonly firsts: ReadonlyMap<string, ResolvedReading>;
  readonly repeats: Rows;
  /** One per device and time, which is what the table keeps: later readings add to the first. */
  readonly merged: Rows;
}

function fold(rows: Rows): Folded {
  const firsts = new Map<string, ResolvedReading>();
  const merged = new Map<string, ResolvedReading>();
  const repeats: ResolvedReading[] = [];
  for (const row of rows) {
    const key = keyOf(row.device.no, row.reading.recordedAt);
    const before = merged.get(key);
    merged.set(key, before ? combine(before, row) : row);
    if (before) repeats.push(row);
    else firsts.set(key, row);
  }
  return { firsts, repeats, merged: [...merged.values()] };
}

function combine(before: ResolvedReading, after: ResolvedReading): ResolvedReading {
  const values = before.reading.values.map((value, i) => {
    const added = after.reading.values[i] ?? absent;
    return Number.isNaN(added) ? value : added;
  });
  return { ...before, reading: { ...before.reading, values, flags: before.reading.flags | after.reading.flags } };
}
