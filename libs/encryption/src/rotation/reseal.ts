import { AppError } from '@hms/contracts';
import type pg from 'pg';
import { boundTo } from '../cipher/field-cipher.js';
import { keyIdOf, open, seal, type NamedKey } from '../cipher/sealed-text.js';
import { lockSealedRows, storeSealedRows, type StoredColumn, type SealedRow } from './sealed-columns.js';

export interface Reseal {
  /** Null for the platform. */
  readonly hospitalId: string | null;
  /** What is sealed under one of these, by id, is sealed anew. */
  readonly older: ReadonlyMap<string, NamedKey>;
  readonly target: NamedKey;
  /** Rows of one transaction. */
  readonly batchSize: number;
}

export interface ResealTally {
  readonly resealed: number;
  /** Values that do not authenticate; they stay as they are. */
  readonly unreadable: number;
}

/** Seals every value of the column under the target, in the order of the primary key and in small transactions. */
export async function resealColumn(owner: pg.ClientBase, table: StoredColumn, reseal: Reseal): Promise<ResealTally> {
  const tally = { resealed: 0, unreadable: 0 };
  let after: readonly string[] | undefined;
  do {
    await owner.query('begin');
    try {
      const page = { kids: [...reseal.older.keys()], after, limit: reseal.batchSize };
      const rows = await lockSealedRows(owner, table, page);
      const resealed = rows.flatMap((row) => resealRow(table, reseal, row) ?? []);
      if (resealed.length > 0) await storeSealedRows(owner, table, resealed);
      await owner.query('commit');
      tally.resealed += resealed.length;
      tally.unreadable += rows.length - resealed.length;
      after = rows.at(-1)?.key;
    } catch (err) {
      await owner.query('rollback').catch(() => undefined); // only fails when the connection is gone
      throw err;
    }
  } while (after !== undefined);
  return tally;
}

function resealRow(table: StoredColumn, reseal: Reseal, { key, sealed }: SealedRow): SealedRow | undefined {
  const bound = boundTo(reseal.hospitalId, { ...table, rowId: key.join('/') });
  const old = reseal.older.get(keyIdOf(sealed));
  if (!old) return undefined;
  try {
    return { key, sealed: seal(reseal.target, bound, open(old, bound, sealed)) };
  } catch (err) {
    if (err instanceof AppError) return undefined;
    throw err;
  }
}
