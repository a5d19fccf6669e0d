import { createHash } from 'node:crypto';
import { open } from 'node:fs/promises';
import { OperatorError } from '@hms/database';
import type pg from 'pg';
import type { Position } from './records.js';

export interface Counts {
  readonly accepted: number;
  readonly duplicates: number;
  readonly unassigned: number;
  readonly rejected: number;
}

/** What of a file is stored. */
export interface Progress extends Counts {
  /** Rows of the file. */
  readonly rows: number;
  /** Where it goes on; undefined when nothing is stored. */
  readonly at: Position | undefined;
  /** How long the file of rejects was then. */
  readonly rejectsBytes: number;
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
    private readonly owner: pg.Client,
    private readonly schema: string,
    readonly importId: string,
  ) {}

  /**
   * Keeps others from running the same import until the connection ends, and registers the file.
   * @throws OperatorError when somebody else runs it, or when the id is another file's
   */
  async begin(fingerprint: Buffer): Promise<void> {
    try {
      await this.owner.query(`set lock_timeout = '10s'`);
      // What was killed a moment ago may still hold it.
      await this.owner.query(`select pg_advisory_lock(hashtextextended($1, 0))`, [`${this.schema} ${this.importId}`]);
    } catch (cause) {
      if (!(cause instanceof Error && 'code' in cause && cause.code === lockTimeout)) throw cause;
      throw new OperatorError(`The import "${this.importId}" is running.`, { cause });
    }
    const { rows } = await this.owner.query<{ same: boolean }>(
      `with begun as (insert into ${this.schema}.telemetry_import (id, fingerprint) values ($1, $2) on conflict do nothing)
       select fingerprint = $2 as same from ${this.schema}.telemetry_import where id = $1`,
      [this.importId, fingerprint],
    );
    if (rows[0]?.same === false) throw new OperatorError(`The import "${this.importId}" was of another file.`);
  }

  async progress(): Promise<Progress> {
    const { rows } = await this.owner.query<Record<string, string | null>>(
      `select sum(row_count) as rows, sum(accepted) as accepted, sum(duplicates) as duplicates,
              sum(unassigned) as unassigned, sum(rejected) as rejected, max(rejects_bytes) as rejects_bytes,
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
      rejectsBytes: of('rejects_bytes'),
      at: of('rows') === 0 ? undefined : { byte: of('byte_offset'), line: of('next_line') },
    };
  }
}
