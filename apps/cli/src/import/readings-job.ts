import type pg from 'pg';
import { chunksOf, type Verdict } from './chunks.js';
import { importJob, type ImportJob } from './import-job.js';
import { chunkRows } from './import-run.js';
import { deviceNumbers, ImportStore, windowOf } from './import-store.js';
import { type ImportReading, toReading } from './reading.js';
import type { FileRecord, Position, Records } from './records.js';

/** Stores readings of devices. */
export async function readingsJob(
  owner: pg.Client,
  schema: string,
  records: (at?: Position) => Records,
): Promise<ImportJob> {
  const devices = await deviceNumbers(owner, schema);
  const window = await windowOf(owner, schema);
  const read = ({ line, said }: FileRecord): Verdict<ImportReading> => {
    const result = 'code' in said ? { line, ...said } : toReading(line, said, window);
    if ('code' in result || devices.has(result.device)) return result;
    return { line, code: 'unknown_device', field: 'd' };
  };
  return importJob(
    ({ rows, at }) => chunksOf(records(at), { startRow: rows, size: chunkRows, read }),
    (ledger) => ImportStore.open(ledger, devices),
  );
}
