import type { SyncOp, SyncRow } from '@hms/contracts';

/** A row as the person sees it: as the server last said, with the changes on top that wait to be sent. */
export type LocalRow = SyncRow & {
  /** Whether some of it is not known to the server yet. */
  readonly _pending: boolean;
};

/** What of an op is shown, and what it was made on. */
export type PendingOp = Pick<SyncOp, 'op' | 'entity' | 'id' | 'kind' | 'base' | 'patch'>;

/** C6: what is shown is what the server said last plus what waits. Doing an op twice is doing it once. */
export function viewOf(base: SyncRow | undefined, pending: readonly PendingOp[]): LocalRow | undefined {
  let row: LocalRow | undefined = base && { ...base, _pending: false };
  for (const op of pending) row = after(row, op);
  return row;
}

function after(row: LocalRow | undefined, op: PendingOp): LocalRow | undefined {
  switch (op.kind) {
    case 'create':
      return changed(row ?? { id: op.id, _v: 0, _sk: [], _pending: true }, op);
    case 'update':
      return row && changed(row, op);
    case 'delete':
      return undefined;
    // Only the server knows what it does; the row says that something waits.
    case 'command':
      return row && { ...row, _pending: true };
  }
}

const changed = (row: LocalRow, { patch }: PendingOp): LocalRow => ({
  ...row,
  ...patch,
  id: row.id,
  _v: row._v,
  _sk: row._sk,
  _pending: true,
});

/** The rows of one entity, by id. */
export function viewsOf(base: ReadonlyMap<string, SyncRow>, pending: readonly PendingOp[]): Map<string, LocalRow> {
  const opsById = new Map<string, PendingOp[]>();
  for (const op of pending) opsById.set(op.id, [...(opsById.get(op.id) ?? []), op]);
  const views = new Map<string, LocalRow>();
  for (const id of new Set([...base.keys(), ...opsById.keys()])) {
    const row = viewOf(base.get(id), opsById.get(id) ?? []);
    if (row) views.set(id, row);
  }
  return views;
}
