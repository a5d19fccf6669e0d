import type { Readable } from 'node:stream';
import { parseLine, type Precision } from './line-protocol.js';
import { type Cell, targetOf, type Wrong } from './reading.js';

/** Opens the file at a byte. */
export type Source = (byte: number) => Readable;

/** A place in a file between two records. */
export interface Position {
  /** From 0. */
  readonly byte: number;
  /** From 1. */
  readonly line: number;
}

/** What a record of a file says, or why that is nothing. */
export interface FileRecord<Said = readonly Cell[]> {
  readonly line: number;
  readonly said: Said | Wrong;
  /** Where the next one begins. */
  readonly next: Position;
}

export type Records<Said = readonly Cell[]> = AsyncGenerator<FileRecord<Said>, void>;

const lineFeed = 0x0a;
const longestLine = 1_048_576;

/** @throws when a line is longer than 1 MiB: that is no file of lines */
async function* linesOf(
  source: Source,
  from: Position,
): AsyncGenerator<{ text: string; line: number; next: Position }> {
  let rest: Buffer = Buffer.alloc(0);
  let { byte, line } = from;
  for await (const chunk of source(byte)) {
    const all: Buffer = Buffer.concat([rest, chunk as Buffer]);
    let start = 0;
    for (let end = all.indexOf(lineFeed); end !== -1; end = all.indexOf(lineFeed, start)) {
      byte += end + 1 - start;
      yield { text: all.toString('utf8', start, end), line, next: { byte, line: line + 1 } };
      line++;
      start = end + 1;
    }
    rest = all.subarray(start);
    if (rest.length > longestLine) throw new Error(`line ${String(line)} is longer than 1 MiB`);
  }
  if (rest.length > 0) {
    yield { text: rest.toString('utf8'), line, next: { byte: byte + rest.length, line: line + 1 } };
  }
}

/** Lines that are neither empty nor comments. */
export async function* recordsOf<Said>(
  source: Source,
  from: Position,
  parse: (text: string) => Said | Wrong,
): Records<Said> {
  for await (const { text, line, next } of linesOf(source, from)) {
    const trimmed = text.trim();
    if (trimmed !== '' && !trimmed.startsWith('#')) yield { line, said: parse(trimmed), next };
  }
}

/** One reading a line, with the members of a reading that devices send. */
export const ndjsonRecords = (source: Source, from: Position): Records =>
  recordsOf<readonly Cell[]>(source, from, parseObject);

export const lineRecords = (source: Source, from: Position, precision: Precision): Records =>
  recordsOf<readonly Cell[]>(source, from, (text) => parseLine(text, precision));

function parseObject(text: string): FileRecord['said'] {
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch {
    return { code: 'malformed' };
  }
  if (typeof parsed !== 'object' || parsed === null || Array.isArray(parsed)) return { code: 'malformed' };
  const cells: Cell[] = [];
  for (const [key, value] of Object.entries(parsed)) {
    const target = targetOf(key);
    if (target === undefined) return { code: 'unknown_field', field: key.slice(0, 64) };
    cells.push([target, value]);
  }
  return cells;
}
