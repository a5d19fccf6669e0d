import { type Chunks } from './chunks.js';
import type { ImportLedger, Progress } from './import-ledger.js';
import { type ChunkStore, dryRun, runImport, type RunParts } from './import-run.js';
import type { Position } from './records.js';

/** Where an import goes on. */
export type From = Pick<Progress, 'rows'> & { readonly at: Position | undefined };

/** What an import does with its file, whatever is in it. */
export interface ImportJob {
  /** Stores what the ledger does not have. */
  run(ledger: ImportLedger, done: From, parts: RunParts): Promise<void>;
  /** Stores nothing. */
  tryOut(parts: Pick<RunParts, 'rejects' | 'tally'>): Promise<void>;
}

export const importJob = <Item>(
  chunksFrom: (from: From) => Chunks<Item>,
  openStore: (ledger: ImportLedger) => Promise<ChunkStore<Item>>,
): ImportJob => ({
  run: async (ledger, done, parts) => runImport(chunksFrom(done), await openStore(ledger), parts),
  tryOut: (parts) => dryRun(chunksFrom({ rows: 0, at: undefined }), parts),
});
