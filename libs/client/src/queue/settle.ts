import type { SyncResult, SyncStatus } from '@hms/contracts';
import type { Transaction } from '../storage/transaction.js';
import { attentionTable, doneTable, type QueuedOp, queueTable, seqKey } from './queued.js';

/** What became of the op: of a duplicate, when it was seen first. One the server forgot the fate of took effect or did not; the pull tells. */
export const fateOf = ({ status, was }: SyncResult): SyncStatus =>
  status === 'duplicate' ? (was ?? 'applied') : status;

const tookEffect = (status: SyncStatus): boolean => status === 'applied' || status === 'merged';

/** Whether a person has to see it. A word this release does not know is taken for a refusal: nothing is lost by looking. */
export const needsAttention = (result: SyncResult): boolean =>
  !tookEffect(fateOf(result)) || (result.conflicts?.length ?? 0) > 0;

/**
 * C2: an op leaves the queue when its fate is known, and no earlier. It is kept with the done ones; if a person has to see
 * it, with those that need attention too.
 *
 * @param atMs the server's time
 * @returns how many left the queue
 */
export async function settle(tx: Transaction, results: readonly SyncResult[], atMs: number): Promise<number> {
  const queued = await tx.getMany(
    queueTable,
    results.map(({ seq }) => seqKey(seq)),
  );
  let settled = 0;
  for (const result of results) {
    const entry = queued.get(seqKey(result.seq));
    // Settled by another page, or under another number since the device took a new identity.
    if (entry?.op.op !== result.op) continue;
    settleOne(tx, entry, result, atMs);
    settled++;
  }
  return settled;
}

function settleOne(tx: Transaction, entry: QueuedOp, result: SyncResult, atMs: number): void {
  const { op } = entry;
  tx.delete(queueTable, seqKey(op.seq));
  tx.put(doneTable, seqKey(op.seq), { ...entry, status: fateOf(result), at: atMs });
  if (needsAttention(result) && !entry.void) tx.put(attentionTable, op.op, { op, result, at: atMs });
  else tx.delete(attentionTable, op.op);
}
