import { syncEntities, syncEntityNames, type SyncResult, type SyncStatus, syncError } from '@hms/contracts';
import { isRefusal } from './decision.js';
import type { RawOp } from './op-check.js';
import type { Answered } from './push-request.js';

/** What the ledger knows of an op. */
export interface LedgerRow {
  readonly op_id: string;
  readonly status: Exclude<SyncStatus, 'duplicate'>;
  readonly code: SyncResult['code'] | null;
  readonly version: string | null;
  readonly entity: number | null;
  readonly row_id: string | null;
}

export interface Sorted {
  /** Ops nobody saw before, in their order. */
  readonly fresh: readonly RawOp[];
  readonly duplicates: readonly Answered[];
}

/**
 * Tells what was seen before from what is new. The number of an op says whether it took effect, its id says which it was.
 * @throws AppError `sync.gap` when ops are missing before the first new one; `sync.device-forked` when a number was used
 * for another op; `sync.not-in-order`
 */
export function sortOps(ops: readonly RawOp[], lastSeq: number, ledger: ReadonlyMap<string, LedgerRow>): Sorted {
  if (ops.some(({ seq }, i) => i > 0 && seq !== (ops[i - 1]?.seq ?? 0) + 1)) throw syncError('sync.not-in-order');
  const first = ops[0]?.seq ?? 0;
  if (first > lastSeq + 1) throw syncError('sync.gap', { members: { expected: lastSeq + 1 } });
  const fresh: RawOp[] = [];
  const duplicates: Answered[] = [];
  const seen = new Set<string>();
  for (const op of ops) {
    const known = ledger.get(op.op);
    if (known || seen.has(op.op)) duplicates.push(duplicateOf(op, known));
    else if (op.seq > lastSeq) fresh.push(op);
    // The ledger forgets nothing yet: this number was used for something else.
    else throw syncError('sync.device-forked');
    seen.add(op.op);
  }
  return { fresh, duplicates };
}

function duplicateOf({ seq, op }: RawOp, known: LedgerRow | undefined): Answered {
  if (!known) return { result: { seq, op, status: 'duplicate' }, target: undefined };
  const ver = known.version === null ? {} : { ver: Number(known.version) };
  const code = known.code ? { code: known.code } : {};
  const entity = syncEntityNames.find((name) => syncEntities[name].no === known.entity);
  const isShown =
    entity !== undefined && known.row_id !== null && (known.status === 'conflict' || !isRefusal(known.status));
  return {
    result: { seq, op, status: 'duplicate', was: known.status, ...code, ...ver },
    target: isShown ? { entity, id: known.row_id } : undefined,
  };
}
