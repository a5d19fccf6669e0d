import type { SyncRow } from '@hms/contracts';
import { table, type Table } from '../storage/transaction.js';

/** A row as the server said it last. */
export interface HeldRow {
  readonly row: SyncRow;
  /** Of which snapshot of its entity it is. */
  readonly generation: number;
  /** Feed and epoch in which the server said so: versions count within one. */
  readonly era: string;
}

/** How far the device has come with the server's rows. */
export interface RowsState {
  /** How many answers were taken in: an answer counts only on the state its request was made from. */
  readonly round: number;
  readonly era: string;
  readonly cursors: Readonly<Record<string, string>>;
  /** By entity; one more with every snapshot that begins. */
  readonly generations: Readonly<Record<string, number>>;
  /** The scope whose purge is done, and of which the server does not know that yet. */
  readonly purged: string | null;
  readonly complete: boolean;
  /** The server's time of the last answer. */
  readonly syncedAt: string | null;
  readonly leaseUntil: string | null;
  /** The schema the server asks for. */
  readonly upgrade: number | null;
  /** By entity: rows written before are not on this device, for there are more than it should hold. */
  readonly historyFrom: Readonly<Record<string, string>>;
}

export const freshRows: RowsState = {
  round: 0,
  era: '',
  cursors: {},
  generations: {},
  purged: null,
  complete: false,
  syncedAt: null,
  leaseUntil: null,
  upgrade: null,
  historyFrom: {},
};

export const rowsState = table<RowsState>('state');
export const rowsOf = (entity: string): Table<HeldRow> => table(`row/${entity}`);
/** Rows of all entities, under `<entity>/<id>`. */
export const anyRow = table<HeldRow>('row');
