import type { Transaction } from '../storage/transaction.js';
import { doneTable, freshQueue, putState, type QueuedOp, queueTable, seqKey, stateIn } from './queued.js';

/** How long an answered op is kept, at least as long as a server may lose what it committed last. */
export const keepDoneMs = 72 * 3_600_000;

/**
 * C5: the server has forgotten everything from an op on. What is still known of it waits again, under the same numbers; if
 * some is not known any more, everything does under new ones.
 *
 * @returns whether anything changed
 */
export async function restore(tx: Transaction, from: number, draw: () => string): Promise<boolean> {
  const { nextSeq } = await stateIn(tx);
  const done = [...(await tx.all(doneTable)).values()].filter(({ op }) => op.seq >= from);
  const waiting = [...(await tx.all(queueTable)).values()].filter(({ op }) => op.seq >= from);
  if (done.length + waiting.length < nextSeq - from) {
    await takeNewIdentity(tx, draw);
    return true;
  }
  for (const { op, ...rest } of done) {
    tx.delete(doneTable, seqKey(op.seq));
    tx.put(queueTable, seqKey(op.seq), { op, ...voidOf(rest) });
  }
  return done.length > 0;
}

/**
 * From now on this is another device, and everything it knows of waits again, numbered anew. The ids stay: a server that
 * saw an op under its old number knows it again. Record numbers are left to whoever has the old identity.
 */
export async function takeNewIdentity(tx: Transaction, draw: () => string): Promise<void> {
  const state = await stateIn(tx);
  const [done, waiting] = [await tx.all(doneTable), await tx.all(queueTable)];
  for (const key of done.keys()) tx.delete(doneTable, key);
  for (const key of waiting.keys()) tx.delete(queueTable, key);
  const ops = [...done.values(), ...waiting.values()].sort((one, other) => one.op.seq - other.op.seq);
  ops.forEach(({ op, ...rest }, index) => {
    const seq = index + 1;
    tx.put(queueTable, seqKey(seq), { op: { ...op, seq }, ...voidOf(rest) });
  });
  putState(tx, { ...freshQueue, hlc: state.hlc, off: state.off, device: draw(), nextSeq: ops.length + 1 });
}

// Of a done op neither status nor time.
const voidOf = (entry: Omit<QueuedOp, 'op'>): Omit<QueuedOp, 'op'> => (entry.void ? { void: true } : {});

/** Drops answered ops that no server can have forgotten. @param nowMs the server's time */
export async function prune(tx: Transaction, nowMs: number): Promise<void> {
  for (const [key, { at }] of await tx.all(doneTable)) if (nowMs - at > keepDoneMs) tx.delete(doneTable, key);
}
