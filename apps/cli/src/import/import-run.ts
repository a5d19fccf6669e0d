import { setTimeout as delay } from 'node:timers/promises';
import type { Chunk, Chunks } from './chunks.js';
import type { Counts, Progress } from './import-ledger.js';
import type { Pace } from './pace.js';
import type { RejectsFile } from './rejects-file.js';

export const chunkRows = 5_000;

/** What was read so far, and what became of it. */
export class ImportTally implements Counts {
  rows: number;
  accepted: number;
  duplicates: number;
  unassigned: number;
  rejected: number;
  leftOut: number;
  byte: number;
  /** All of the file was read. */
  complete = false;
  readonly #began = performance.now();
  readonly #startByte: number;
  readonly #startRows: number;

  constructor(
    done: Progress,
    private readonly size: number,
  ) {
    ({ rows: this.rows, accepted: this.accepted, duplicates: this.duplicates } = done);
    ({ unassigned: this.unassigned, rejected: this.rejected, leftOut: this.leftOut } = done);
    this.byte = this.#startByte = done.at?.byte ?? 0;
    this.#startRows = done.rows;
  }

  add({ rowCount, end }: Chunk<unknown>, counts: Counts): void {
    this.rows += rowCount;
    this.byte = end.byte;
    this.accepted += counts.accepted;
    this.duplicates += counts.duplicates;
    this.unassigned += counts.unassigned;
    this.rejected += counts.rejected;
    this.leftOut += counts.leftOut;
  }

  get rowsPerSecond(): number {
    return ((this.rows - this.#startRows) * 1_000) / Math.max(1, performance.now() - this.#began);
  }

  /** From 0 to 1. */
  get share(): number {
    return this.size === 0 ? 1 : this.byte / this.size;
  }

  /** Undefined before the first chunk. */
  get secondsLeft(): number | undefined {
    const read = this.byte - this.#startByte;
    if (read === 0) return undefined;
    return ((this.size - this.byte) * (performance.now() - this.#began)) / read / 1_000;
  }
}

/** Stores a chunk and its row of the ledger, together or not at all. */
export interface ChunkStore<Item> {
  /** @param rejectsBytes how long the file of rejects is with those of the chunk */
  store(chunk: Chunk<Item>, rejectsBytes: number): Promise<Counts>;
}

export interface RunParts {
  readonly rejects: RejectsFile;
  readonly pace: Pace;
  readonly tally: ImportTally;
  readonly stop: AbortSignal;
}

/** Stores chunk after chunk until the file ends or it is stopped; what is stored stays so. */
export async function runImport<Item>(
  chunks: Chunks<Item>,
  store: ChunkStore<Item>,
  { rejects, pace, tally, stop }: RunParts,
): Promise<void> {
  for await (const chunk of chunks) {
    const began = performance.now();
    const rejectsBytes = await rejects.add(chunk.rejected);
    tally.add(chunk, await store.store(chunk, rejectsBytes));
    if (stop.aborted) return;
    await delay(pace.restAfter(chunk.rowCount, performance.now() - began), undefined, { signal: stop }).catch(
      () => undefined,
    );
  }
  tally.complete = true;
}

/** Reads all of the file and stores nothing. */
export async function dryRun(
  chunks: Chunks<unknown>,
  { rejects, tally }: Pick<RunParts, 'rejects' | 'tally'>,
): Promise<void> {
  for await (const chunk of chunks) {
    await rejects.add(chunk.rejected);
    const { rowCount, leftOut } = chunk;
    const rejected = chunk.rejected.length;
    tally.add(chunk, { accepted: rowCount - rejected - leftOut, duplicates: 0, unassigned: 0, rejected, leftOut });
  }
}
