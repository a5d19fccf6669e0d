import type { SyncResponse, SyncRow } from '@hms/contracts';
import type { Storage } from '../storage/storage.js';
import { erase, transact, type Transaction } from '../storage/transaction.js';
import { anyRow, freshRows, type HeldRow, rowsOf, type RowsState, rowsState } from './held.js';
import { advance, type EntityPage, isKept, pagesOf, taken } from './page.js';

const only = 'only';

/** The server's rows, as far as this device may hold them. All of it can be had again. */
export class RowStore {
  constructor(readonly storage: Storage) {}

  state(): Promise<RowsState> {
    return transact(this.storage, stateIn);
  }

  get(entity: string, id: string): Promise<SyncRow | undefined> {
    return transact(this.storage, async (tx) => (await tx.get(rowsOf(entity), id))?.row);
  }

  all(entity: string): Promise<Map<string, SyncRow>> {
    return transact(this.storage, async (tx) => {
      const held = await tx.all(rowsOf(entity));
      return new Map([...held].map(([id, { row }]) => [id, row]));
    });
  }

  /**
   * Takes in rows, purge and cursors of an answer at once (C7).
   *
   * @param round of the state the request was made from
   * @param entityOfOp of which entity the row of a result is
   * @returns false, and nothing is changed, when another answer was taken in since: it may know better
   */
  apply(response: SyncResponse, round: number, entityOfOp: (op: string) => string | undefined): Promise<boolean> {
    return transact(this.storage, async (tx) => {
      const before = await stateIn(tx);
      if (before.round !== round) return false;
      const state = advance(before, response);
      const pages = pagesOf(response, entityOfOp);
      const keep = response.purge && new Set(response.purge.keep);
      const entities = keep ? new Set([...(await entitiesHeld(tx)), ...pages.keys()]) : pages.keys();
      for (const entity of entities) await applyPage(tx, entity, pages.get(entity) ?? emptyPage, { state, keep });
      tx.put(rowsState, only, state);
      return true;
    });
  }

  /** Nothing is shown any more until the server is heard of again. */
  endLease(): Promise<void> {
    return transact(this.storage, async (tx) => {
      const state = await stateIn(tx);
      tx.put(rowsState, only, { ...state, round: state.round + 1, leaseUntil: new Date(0).toISOString() });
    });
  }

  /** Deletes rows and cursors. */
  forget(): Promise<void> {
    return erase(this.storage);
  }
}

const stateIn = async (tx: Transaction): Promise<RowsState> => (await tx.get(rowsState, only)) ?? freshRows;

// Those of an earlier release of the app too.
const entitiesHeld = async (tx: Transaction): Promise<string[]> =>
  [...(await tx.all(anyRow)).keys()].map((path) => path.slice(0, path.indexOf('/')));

const emptyPage: EntityPage = { rows: new Map(), gone: new Set(), sweep: false };

interface Rule {
  readonly state: RowsState;
  readonly keep: ReadonlySet<string> | undefined;
}

async function applyPage(tx: Transaction, entity: string, page: EntityPage, { state, keep }: Rule): Promise<void> {
  const table = rowsOf(entity);
  const stamp = { era: state.era, generation: state.generations[entity] ?? 0 };
  const looksAtAll = page.sweep || keep !== undefined;
  const held = looksAtAll ? await tx.all(table) : await tx.getMany(table, [...page.rows.keys()]);
  const after = new Map(held);
  for (const [id, row] of page.rows) after.set(id, taken(held.get(id), row, stamp));
  const stays = (id: string, each: HeldRow): boolean =>
    !page.gone.has(id) &&
    !(page.sweep && each.generation < stamp.generation) &&
    (keep === undefined || isKept(each, keep));
  for (const id of page.gone) tx.delete(table, id);
  for (const [id, each] of after) {
    if (!stays(id, each)) tx.delete(table, id);
    else if (each !== held.get(id)) tx.put(table, id, each);
  }
}
