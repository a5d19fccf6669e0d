import type { Rejected } from './reading.js';
import type { FileRecord, Position, Records } from './records.js';

/** Some rows of the file that are stored together. */
export interface Chunk<Item> {
  /** Rows of the file before it. */
  readonly startRow: number;
  readonly rowCount: number;
  readonly items: readonly Item[];
  readonly rejected: readonly Rejected[];
  /** Rows that are nothing HMS keeps. */
  readonly leftOut: number;
  readonly end: Position;
}

export type Chunks<Item> = AsyncGenerator<Chunk<Item>, void>;

/** What is stored of a record, why nothing is, or undefined for what HMS does not keep. */
export type Verdict<Item> = Item | Rejected | undefined;

export interface ChunkOptions<Said, Item extends object> {
  readonly startRow: number;
  readonly size: number;
  readonly read: (record: FileRecord<Said>) => Verdict<Item> | Promise<Verdict<Item>>;
}

/** Gathers records into chunks. */
export async function* chunksOf<Said, Item extends object>(
  records: Records<Said>,
  { startRow, size, read }: ChunkOptions<Said, Item>,
): Chunks<Item> {
  let first = startRow;
  let items: Item[] = [];
  let rejected: Rejected[] = [];
  let leftOut = 0;
  let end: Position | undefined;
  const rowCount = (): number => items.length + rejected.length + leftOut;
  const take = (at: Position): Chunk<Item> => {
    const chunk = { startRow: first, rowCount: rowCount(), items, rejected, leftOut, end: at };
    first += chunk.rowCount;
    items = [];
    rejected = [];
    leftOut = 0;
    return chunk;
  };
  for await (const record of records) {
    const verdict = await read(record);
    if (verdict === undefined) leftOut++;
    else if ('code' in verdict) rejected.push(verdict);
    else items.push(verdict);
    end = record.next;
    if (rowCount() === size) yield take(record.next);
  }
  if (end && rowCount() > 0) yield take(end);
}
