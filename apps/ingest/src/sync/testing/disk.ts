import type { ClientStorage } from '@hms/client';
import type { SyncOp, SyncRow } from '@hms/contracts';

/** A row as a device has it on its disk. */
export interface HeldRow {
  readonly entity: string;
  readonly row: SyncRow;
  readonly era: string;
}

/** All rows on a disk. */
export async function heldRows({ rows }: Pick<ClientStorage, 'rows'>): Promise<HeldRow[]> {
  const { value } = await rows.list('row/');
  return value.map(([key, held]) => ({ ...(held as Omit<HeldRow, 'entity'>), entity: key.split('/')[1] ?? '' }));
}

/** How far the device has come with each entity, as its cursors say. */
export async function positions({ rows }: Pick<ClientStorage, 'rows'>): Promise<Map<string, number>> {
  const {
    value: [state],
  } = await rows.get(['state/only']);
  const { cursors = {} } = (state ?? {}) as { readonly cursors?: Readonly<Record<string, string>> };
  return new Map(
    Object.entries(cursors).map(([entity, text]) => {
      const { p } = JSON.parse(Buffer.from(text, 'base64url').toString()) as { readonly p: number };
      return [entity, p];
    }),
  );
}

/** Ids of the ops that wait on a disk. */
export async function waitingOps({ queue }: Pick<ClientStorage, 'queue'>): Promise<Set<string>> {
  const { value } = await queue.list('op/');
  return new Set(value.map(([, queued]) => (queued as { readonly op: SyncOp }).op.op));
}
