import type { SyncOp } from '@hms/contracts';
import { sizeOf } from '../json.js';
import { groupBytes } from '../limits.js';

/**
 * The ops of the next request: as many from the front as fit, and at least the first. A group goes whole, or the server
 * could not take it whole.
 */
export function nextBatch(queue: readonly SyncOp[], maxOps: number): readonly SyncOp[] {
  const batch: SyncOp[] = [];
  let bytes = 0;
  for (const unit of units(queue)) {
    bytes += sizeOf(unit);
    if (batch.length > 0 && (batch.length + unit.length > maxOps || bytes > groupBytes)) break;
    batch.push(...unit);
  }
  return batch;
}

function units(queue: readonly SyncOp[]): SyncOp[][] {
  const found: SyncOp[][] = [];
  let before: SyncOp | undefined;
  for (const op of queue) {
    const last = found.at(-1);
    if (last && op.group !== null && op.group === before?.group) last.push(op);
    else found.push([op]);
    before = op;
  }
  return found;
}
