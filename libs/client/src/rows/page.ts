import type { SyncChanges, SyncResponse, SyncRow } from '@hms/contracts';
import type { HeldRow, RowsState } from './held.js';

/** What an answer says about one entity. */
export interface EntityPage {
  readonly rows: ReadonlyMap<string, SyncRow>;
  /** Deleted, or no longer this device's to hold. */
  readonly gone: ReadonlySet<string>;
  /** All of its rows that are not of the current generation are none of the device's any more. */
  readonly sweep: boolean;
}

/** The state after an answer. */
export function advance(state: RowsState, response: SyncResponse): RowsState {
  return {
    round: state.round + 1,
    era: eraOf(response),
    cursors: cursorsAfter(state, response),
    generations: generationsAfter(state, response),
    // Told again in the next request, and only there: a later purge of the same scope is another one.
    purged: response.purge?.ver ?? null,
    complete: response.complete,
    syncedAt: response.server_time,
    leaseUntil: response.hints.lease_until,
    upgrade: response.hints.upgrade?.min ?? null,
    historyFrom: historyAfter(state, response),
  };
}

// Of an entity that is reset and not sent anew the device may hold nothing: should it ever again, it begins anew.
const cursorsAfter = ({ cursors }: RowsState, response: SyncResponse): Record<string, string> => {
  const begun = new Set(response.reset.map(({ entity }) => entity));
  const kept = Object.entries(cursors).filter(([entity]) => !begun.has(entity));
  return { ...Object.fromEntries(kept), ...response.cursors };
};

/** A snapshot that begins anew may leave out less than the one before. */
function historyAfter(state: RowsState, response: SyncResponse): Record<string, string> {
  const begun = new Set(response.reset.map(({ entity }) => entity));
  const kept = Object.entries(state.historyFrom).filter(([entity]) => !begun.has(entity));
  return { ...Object.fromEntries(kept), ...response.hints.history_from };
}

const eraOf = ({ feed, epoch }: SyncResponse): string => `${feed}/${epoch}`;

function generationsAfter(state: RowsState, response: SyncResponse): Record<string, number> {
  const generations: Record<string, number> = { ...state.generations };
  const begun = new Set(response.reset.map(({ entity }) => entity));
  for (const entity of Object.keys(response.cursors)) if (!(entity in state.cursors)) begun.add(entity);
  for (const entity of begun) generations[entity] = (generations[entity] ?? 0) + 1;
  return generations;
}

/** What an answer says, by entity. The pull was made after the ops, so what it says stands. */
export function pagesOf(
  response: SyncResponse,
  entityOfOp: (op: string) => string | undefined,
): Map<string, EntityPage> {
  const changes: Readonly<Record<string, SyncChanges | undefined>> = response.changes;
  const rows = new Map<string, Map<string, SyncRow>>();
  const add = (entity: string, row: SyncRow): void => {
    const known = rows.get(entity) ?? new Map<string, SyncRow>();
    rows.set(entity, known);
    const other = known.get(row.id);
    if (!other || other._v <= row._v) known.set(row.id, row);
  };
  for (const { op, row } of response.results) {
    const entity = entityOfOp(op);
    if (entity && row) add(entity, row);
  }
  for (const [entity, change] of Object.entries(changes)) for (const row of change?.put ?? []) add(entity, row);
  const names = new Set([...rows.keys(), ...Object.keys(changes), ...response.snapshot_done]);
  return new Map(
    [...names].map((entity) => [
      entity,
      {
        rows: rows.get(entity) ?? new Map<string, SyncRow>(),
        gone: new Set([...(changes[entity]?.del ?? []), ...(changes[entity]?.out ?? [])]),
        sweep: response.snapshot_done.includes(entity),
      },
    ]),
  );
}

/** C6: an older image never replaces a newer one of the same era. Either way the server holds the row now. */
export function taken(held: HeldRow | undefined, row: SyncRow, { era, generation }: Omit<HeldRow, 'row'>): HeldRow {
  const isOlder = held?.era === era && row._v < held.row._v;
  return isOlder ? { ...held, generation } : { row, era, generation };
}

/** Whether one of the keys by which a row is held is still the device's. */
export const isKept = ({ row }: HeldRow, keep: ReadonlySet<string>): boolean => row._sk.some((key) => keep.has(key));
