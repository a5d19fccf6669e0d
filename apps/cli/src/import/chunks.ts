import { type ImportReading, type Rejected, toReading, type Window } from './reading.js';
import type { Position, Records } from './records.js';

/** Some rows of the file that are stored together. */
export interface Chunk {
  /** Rows of the file before it. */
  readonly startRow: number;
  readonly rowCount: number;
  readonly readings: readonly ImportReading[];
  readonly rejected: readonly Rejected[];
  readonly end: Position;
}

export interface ChunkOptions {
  readonly startRow: number;
  readonly size: number;
  /** Whether the hospital has a device of that name. */
  readonly knows: (device: string) => boolean;
  readonly window: Window;
}

/** Gathers records into chunks. */
export async function* chunksOf(
  records: Records,
  { startRow, size, knows, window }: ChunkOptions,
): AsyncGenerator<Chunk, void> {
  let first = startRow;
  let readings: ImportReading[] = [];
  let rejected: Rejected[] = [];
  let end: Position | undefined;
  const take = (at: Position): Chunk => {
    const chunk = { startRow: first, rowCount: readings.length + rejected.length, readings, rejected, end: at };
    first += chunk.rowCount;
    readings = [];
    rejected = [];
    return chunk;
  };
  for await (const { line, said, next } of records) {
    const result = 'code' in said ? { line, ...said } : toReading(line, said, window);
    if ('code' in result) rejected.push(result);
    else if (knows(result.device)) readings.push(result);
    else rejected.push({ line, code: 'unknown_device', field: 'd' });
    end = next;
    if (readings.length + rejected.length === size) yield take(next);
  }
  if (end && readings.length + rejected.length > 0) yield take(end);
}
