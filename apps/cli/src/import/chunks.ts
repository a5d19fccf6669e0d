import { type ImportReading, type Rejected, toReading } from './reading.js';
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

/**
 * Gathers records into chunks.
 * @param knows whether the hospital has a device of that name
 */
export async function* chunksOf(
  records: Records,
  { startRow, size, knows, now }: { startRow: number; size: number; knows: (device: string) => boolean; now: number },
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
    const result = 'code' in said ? { line, ...said } : toReading(line, said, now);
    if ('code' in result) rejected.push(result);
    else if (knows(result.device)) readings.push(result);
    else rejected.push({ line, code: 'unknown_device', field: 'd' });
    end = next;
    if (readings.length + rejected.length === size) yield take(next);
  }
  if (end && readings.length + rejected.length > 0) yield take(end);
}
