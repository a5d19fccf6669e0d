import { type SyncResult, type SyncStatus, syncError } from '@hms/contracts';
import type { RawOp } from './op-check.js';

/** What the ledger knows of an op. */
export interface LedgerRow {
  readonly op_id: string;
  readonly status: Exclude<SyncStatus, 'duplicate'>;
  readonly code: SyncResult['code'] | null;
  readonly version: string | null;
}

export interface Sorted {
  /** Ops nobody saw before, in their order. */
  readonly fresh: readonly RawOp[];
  readonly duplicates: readonly SyncResult[];
}

/** For as long the ledger keeps what became of an op. */
const ledgerDays = 45;

/**
 * Tells what was seen before from what is new. The number of an op says whether it took effect, its id says which it was.
 * @throws AppError `sync.gap` when ops are missing before the first new one; `sync.device-forked` when a number was used
 * for another op; `sync.not-in-order`
 */
export function sortOps(
  ops: readonly RawOp[],
  lastSeq: number,
  ledger: ReadonlyMap<string, LedgerRow>,
  now: number,
): Sorted {
  if (ops.some(({ seq }, i) => i > 0 && seq !== (ops[i - 1]?.seq ?? 0) + 1)) throw syncError('sync.not-in-order');
  const first = ops[0]?.seq ?? 0;
  if (first > lastSeq + 1) throw syncError('sync.gap', { members: { expected: lastSeq + 1 } });
  const fresh: RawOp[] = [];
  const duplicates: SyncResult[] = [];
  const seen = new Set<string>();
  for (const op of ops) {
    const known = ledger.get(op.op);
    if (known || seen.has(op.op)) duplicates.push(duplicateOf(op, known));
    else if (op.seq > lastSeq) fresh.push(op);
    else if (now - timeOf(op.op) < ledgerDays * 24 * 3_600_000) throw syncError('sync.device-forked');
    else duplicates.push(duplicateOf(op, undefined));
    seen.add(op.op);
  }
  return { fresh, duplicates };
}

function duplicateOf({ seq, op }: RawOp, known: LedgerRow | undefined): SyncResult {
  if (!known) return { seq, op, status: 'duplicate' };
  const ver = known.version === null ? {} : { ver: Number(known.version) };
  const code = known.code === null || known.code === undefined ? {} : { code: known.code };
  return { seq, op, status: 'duplicate', was: known.status, ...code, ...ver };
}

/** Milliseconds since 1970, as a UUIDv7 begins with them. */
const timeOf = (id: string): number => Number.parseInt(id.slice(0, 8) + id.slice(9, 13), 16);
