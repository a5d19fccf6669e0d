import { createHash } from 'node:crypto';
import { open } from 'node:fs/promises';
import { OperatorError } from '@hms/database';
import type pg from 'pg';
import { inTransaction } from '../in-transaction.js';
import type { Chunk } from './chunks.js';
import type { Position } from './records.js';

export interface Counts {
  readonly accepted: number;
  readonly duplicates: number;
  readonly unassigned: number;
  readonly rejected: number;
  /** What HMS does not keep. */
  readonly leftOut: number;
}

/** What of a chunk is new. */
export type Stored = Pick<Counts, 'accepted' | 'unassigned'>;

/** What of a file is stored. */
export interface Progress extends Counts {
  /** Rows of the file. */
  readonly rows: number;
  /** Where it goes on; undefined when nothing is stored. */
  readonly at: Position | undefined;
  /** How long the file of rejects was then. */
  readonly rejectsBytes: number;
}

interface Registered {
  /** It is of the same file. */
  readonly same: boolean;
  /** Null of an import that was begun before they were kept. */
  readonly options: readonly string[] | null;
}

const edge = 65_536;
const lockTimeout = '55P03';

/** Of its size, its beginning and its end. */
export async function fingerprintOf(path: string): Promise<{ fingerprint: Buffer; size: number }> {
  const file = await open(path);
  try {
    const { size } = await file.stat();
    const hash = createHash('sha256').update(String(size));
    for (const position of [0, Math.max(0, size - edge)]) {
      const { buffer, bytesRead } = await file.read(Buffer.alloc(edge), 0, edge, position);
      hash.update(buffer.subarray(0, bytesRead));
    }
    return { fingerprint: hash.digest(), size };
  } finally {
    await file.close();
  }
}

/** Rows of `telemetry_import` and its chunks, of one hospital. */
export class ImportLedger {
  constructor(
    readonly owner: pg.Client,
    readonly schema: string,
    readonly importId: string,
  ) {}

  /**
   * Keeps others from running the same import until the connection ends, and the worker from retiring readings for a day.
   * @param reading how the rows of the file are read, as options of the command
   * @throws OperatorError when somebody else runs it, when the id is another file's, or when the file was read otherwise
   */
  async begin(fingerprint: Buffer, reading: readonly string[]): Promise<void> {
    await this.#lock();
    const found = await inTransaction(this.owner, () => this.#register(fingerprint, reading));
    if (!found.same) throw new OperatorError(`The import "${this.importId}" was of another file.`);
    if (found.options && found.options.join('\n') !== reading.join('\n')) {
      throw new OperatorError(
        `The import "${this.importId}" was begun with ${found.options.join(' ')}; ` +
          `go on with the same options, or give the file another --import-id.`,
      );
    }
  }

  async #lock(): Promise<void> {
    try {
      await this.owner.query(`set lock_timeout = '10s'`);
      // What was killed a moment ago may still hold it.
      await this.owner.query(`select pg_advisory_lock(hashtextextended($1, 0))`, [`${this.schema} ${this.importId}`]);
    } catch (cause) {
      if (!(cause instanceof Error && 'code' in cause && cause.code === lockTimeout)) throw cause;
      throw new OperatorError(`The import "${this.importId}" is running.`, { cause });
    }
  }

  async #register(fingerprint: Buffer, reading: readonly string[]): Promise<Registered> {
    // A retirement that has begun does not see us: what it takes away is gone before we look what there is.
    await this.owner.query(
      `select pg_advisory_xact_lock(hashtext($1::regnamespace || '.ensure_telemetry_partitions'))`,
      [this.schema],
    );
    const { rows } = await this.owner.query<Registered>(
      `insert into ${this.schema}.telemetry_import as i (id, fingerprint, options) values ($1, $2, $3)
       on conflict (id) do update set active_at = now(), options = coalesce(i.options, excluded.options)
       returning fingerprint = $2 as same, options`,
      [this.importId, fingerprint, reading],
    );
    const [row] = rows;
    if (!row) throw new Error('the import is not there');
    return row;
  }

  async progress(): Promise<Progress> {
    const { rows } = await this.owner.query<Record<string, string | null>>(
      `select sum(row_count) as rows, sum(accepted) as accepted, sum(duplicates) as duplicates,
              sum(unassigned) as unassigned, sum(rejected) as rejected, sum(left_out) as left_out,
              max(rejects_bytes) as rejects_bytes,
              max(byte_offset) as byte_offset, max(next_line) as next_line
         from ${this.schema}.telemetry_import_chunk where import_id = $1`,
      [this.importId],
    );
    const of = (column: string): number => Number(rows[0]?.[column] ?? 0);
    return {
      rows: of('rows'),
      accepted: of('accepted'),
      duplicates: of('duplicates'),
      unassigned: of('unassigned'),
      rejected: of('rejected'),
      leftOut: of('left_out'),
      rejectsBytes: of('rejects_bytes'),
      at: of('rows') === 0 ? undefined : { byte: of('byte_offset'), line: of('next_line') },
    };
  }
  /**
   * To be called in the transaction that stores the chunk.
   * @param stored what of the chunk is new, and of it what nobody wore
   * @param rejectsBytes how long the file of rejects is with those of the chunk
   */
  async record(chunk: Chunk<unknown>, stored: Stored, rejectsBytes: number): Promise<Counts> {
    const { startRow, rowCount, leftOut, end } = chunk;
    const { accepted, unassigned } = stored;
    const rejected = chunk.rejected.length;
    const duplicates = rowCount - accepted - rejected - leftOut;
    await this.owner.query(
      `insert into ${this.schema}.telemetry_import_chunk (import_id, start_row, row_count, byte_offset, next_line,
         accepted, duplicates, unassigned, rejected, left_out, rejects_bytes)
       values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)`,
      [
        ...[this.importId, startRow, rowCount, end.byte, end.line],
        ...[accepted, duplicates, unassigned, rejected, leftOut, rejectsBytes],
      ],
    );
    await this.owner.query(`update ${this.schema}.telemetry_import set active_at = now() where id = $1`, [
      this.importId,
    ]);
    return { accepted, duplicates, unassigned, rejected, leftOut };
  }
}
