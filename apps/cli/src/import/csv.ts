import { vitalSigns, type VitalSign } from '@hms/contracts';
import { OperatorError } from '@hms/database';
import { CsvError, type Info, parse } from 'csv-parse';
import type { FileRecord, Position, Records, Source } from './records.js';
import { type Cell, type Target, targetOf } from './reading.js';

/** What each column is; undefined for one that is left out. */
export type Columns = readonly (Target | undefined)[];

export interface CsvHeader {
  readonly columns: Columns;
  /** Names of columns that are left out. */
  readonly ignored: readonly string[];
  readonly end: Position;
}

const signs: readonly VitalSign[] = vitalSigns;
const longestRecord = 65_536;

/**
 * Reads the names of the columns, and finds what they are by their names or as `map` says.
 * @throws OperatorError when there is no time, no vital sign, two columns for one thing, or a name in `map` that is none
 */
export async function readHeader(source: Source, map: ReadonlyMap<string, Target>): Promise<CsvHeader> {
  const { record, next } = await firstOf(source);
  const names = record.map((name) => name.trim());
  for (const name of map.keys()) {
    if (!names.includes(name)) throw new OperatorError(`There is no column "${name}"; there are ${names.join(', ')}.`);
  }
  const mapped = new Set(map.values());
  const byName = (name: string): Target | undefined => {
    const target = targetOf(name);
    return target !== undefined && mapped.has(target) ? undefined : target;
  };
  const columns = names.map((name) => map.get(name) ?? byName(name));
  const found = columns.filter((target) => target !== undefined);
  if (new Set(found).size < found.length) throw new OperatorError('Two columns are the same; choose with --map.');
  if (!found.includes('time')) throw new OperatorError('No column is the time; name it with --map COLUMN=t.');
  if (!found.some((target) => typeof target === 'number')) throw new OperatorError('No column is a vital sign.');
  return { columns, ignored: names.filter((_, i) => columns[i] === undefined), end: next };
}

/** @param device of all rows, when no column says it */
export async function* csvRecords(
  source: Source,
  from: Position,
  columns: Columns,
  device: string | undefined,
): Records {
  const always: Cell[] = device === undefined || columns.includes('device') ? [] : [['device', device]];
  for await (const { record, line, next } of rowsOf(source, from)) {
    const said: FileRecord['said'] =
      record.length === columns.length
        ? [...always, ...columns.flatMap((target, i) => cellOf(target, record[i] ?? ''))]
        : { code: 'malformed' };
    yield { line, said, next };
  }
}

interface Row {
  readonly record: readonly string[];
  /** Where it ends. */
  readonly line: number;
  readonly next: Position;
}

async function firstOf(source: Source): Promise<Row> {
  for await (const row of rowsOf(source, { byte: 0, line: 1 })) return row;
  throw new OperatorError('The file is empty.');
}

async function* rowsOf(source: Source, from: Position): AsyncGenerator<Row, void> {
  const parser = parse({
    info: true,
    bom: true,
    relax_column_count: true,
    skip_empty_lines: true,
    max_record_size: longestRecord,
  });
  const file = source(from.byte);
  file.once('error', (err) => parser.destroy(err));
  try {
    for await (const row of file.pipe(parser)) {
      const { record, info } = row as { record: string[]; info: Info };
      const line = from.line - 1 + info.lines;
      yield { record, line, next: { byte: from.byte + info.bytes, line: line + 1 } };
    }
  } catch (cause) {
    if (!(cause instanceof CsvError)) throw cause;
    const line = String(from.line - 1 + Number(cause['lines']));
    throw new OperatorError(`The file cannot be read as CSV from line ${line} on (${cause.code}).`, { cause });
  } finally {
    file.destroy();
  }
}

function cellOf(target: Target | undefined, text: string): Cell[] {
  const stated = text.trim();
  if (target === undefined || stated === '') return [];
  if (target === 'time') return [[target, /^\d+(?:\.\d+)?$/.test(stated) ? Number(stated) : stated]];
  if (typeof target === 'string') return [[target, stated]];
  return [[target, valueOf(signs[target]?.kind, stated)]];
}

/** What is not of the kind stays text, which is refused. */
function valueOf(kind: VitalSign['kind'] | undefined, text: string): unknown {
  if (kind === 'acvpu') return text.toUpperCase();
  if (kind === 'boolean') return /^(?:true|1)$/i.test(text) || (/^(?:false|0)$/i.test(text) ? false : text);
  return /^[+-]?(?:\d+\.?\d*|\.\d+)$/.test(text) ? Number(text) : text;
}
