import { setTimeout as delay } from 'node:timers/promises';
import { type Chunk, chunksOf } from './chunks.js';
import type { Window } from './reading.js';
import { type Counts, type Progress } from './import-ledger.js';
import type { ImportStore } from './import-store.js';
import type { Pace } from './pace.js';
import type { Records } from './records.js';
import type { RejectsFile } from './rejects-file.js';

export const chunkRows = 5_000;

/** What was read so far, and what became of it. */
export class ImportTally implements Counts {
  rows: number;
  accepted: number;
  duplicates: number;
  unassigned: number;
  rejected: number;
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
    ({ unassigned: this.unassigned, rejected: this.rejected } = done);
    this.byte = this.#startByte = done.at?.byte ?? 0;
    this.#startRows = done.rows;
  }

  add({ rowCount, end }: Chunk, counts: Counts): void {
    this.rows += rowCount;
    this.byte = end.byte;
    this.accepted += counts.accepted;
    this.duplicates += counts.duplicates;
    this.unassigned += counts.unassigned;
    this.rejected += counts.rejected;
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

export interface ImportParts {
  readonly records: Records;
  readonly store: ImportStore;
  readonly rejects: RejectsFile;
  readonly pace: Pace;
  readonly window: Window;
  readonly tally: ImportTally;
  readonly stop: AbortSignal;
}

/** Stores chunk after chunk until the file ends or it is stopped; what is stored stays so. */
export async function runImport({ records, store, rejects, pace, window, tally, stop }: ImportParts): Promise<void> {
  const knows = (device: string): boolean => store.knows(device);
  for await (const chunk of chunksOf(records, { startRow: tally.rows, size: chunkRows, knows, window })) {
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

export interface DryRunParts extends Pick<ImportParts, 'window' | 'rejects' | 'tally'> {
  readonly knows: (device: string) => boolean;
}

/** Reads all of the file and stores nothing. */
export async function dryRun(records: Records, { knows, window, rejects, tally }: DryRunParts): Promise<void> {
  for await (const chunk of chunksOf(records, { startRow: 0, size: chunkRows, knows, window })) {
    await rejects.add(chunk.rejected);
    const rejected = chunk.rejected.length;
    tally.add(chunk, { accepted: chunk.rowCount - rejected, duplicates: 0, unassigned: 0, rejected });
  }
}
