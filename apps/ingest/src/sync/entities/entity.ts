import type { FieldConflict, Permission, SyncEntityName, SyncOp, SyncRefusal } from '@hms/contracts';
import type { z } from 'zod';
import type { Hospital } from '../../hospitals/hospital.js';
import type { Schedules } from '../schedules/schedules.js';
import type { Fields, Row } from './row.js';
import type { Upgrade } from './upgrade.js';

/** How a field is read, checked and stored. */
export interface Field {
  /** What the field says, as JSON, of the row `r`; absent for what is stored and not told. */
  readonly sql?: string;
  /** What an op may set it to; absent for what the server alone decides. */
  readonly accepts?: z.ZodType;
  /** The columns it is stored in; by default one of its name in snake case. */
  readonly columns?: (value: unknown) => Fields;
  /** Who may see and set it, besides what the entity asks for. */
  readonly needs?: Permission;
  /** Set when the row is made, and never changed by an op. */
  readonly once?: boolean;
}

/** An op whose patch fits its entity. */
export interface ReadyOp extends SyncOp {
  readonly entity: SyncEntityName;
  readonly patch: Record<string, z.core.util.JSONType> | null;
}

/** What a rule may look at: rows as they stand after the ops before. */
export interface View {
  /** The row of the op itself. */
  readonly row: Row | undefined;
  /** Rows of the same entity and patient, as far as the entity reads them. */
  readonly siblings: readonly Row[];
  readonly userId: string;
  readonly permissions: ReadonlySet<Permission>;
  /** Versions of the row that this device made itself. */
  readonly own: ReadonlySet<number>;
  /** What can be booked, as far as ops ask for it. */
  readonly schedules: Schedules;
  /** Milliseconds. */
  readonly now: number;
  /** The record number a new patient is given, where it cannot be the one the op says. */
  readonly mrnInstead?: string | undefined;
}

export type Outcome =
  | { readonly status: 'applied' | 'merged'; readonly fields: Fields; readonly conflicts?: readonly FieldConflict[] }
  /** Another row says it already: that it was said once more is noted there. */
  | { readonly status: 'merged'; readonly existing: Row; readonly conflicts: readonly FieldConflict[] }
  /** As it stands, nothing had to be done. */
  | { readonly status: 'applied'; readonly unchanged: true }
  | {
      readonly status: 'conflict';
      readonly code?: SyncRefusal;
      readonly text: string;
      readonly conflicts: readonly FieldConflict[];
    }
  | Refusal;

export interface Refusal {
  readonly status: 'rejected';
  readonly code: SyncRefusal;
  readonly text: string;
  readonly errors?: readonly { readonly field: string; readonly message: string }[];
}

/** Everything the server knows of one kind of row. To sync another kind: such a file, and a line in `syncEntities`. */
export interface Entity {
  readonly name: SyncEntityName;
  readonly write: Permission;
  readonly fields: Readonly<Record<string, Field>>;
  /** Patches of older apps, said in today's schema. A field that is renamed or divided keeps its old form here. */
  readonly upgrades?: readonly Upgrade[];
  /** Fields a new row must have. */
  readonly required: readonly string[];
  /** What the database says of fields that are left out of a new row. */
  readonly defaults: Fields;
  /** Whether rows say who made and who last changed them. */
  readonly authored: boolean;
  /** Rows a rule looks at besides the op's own: those an op names, or all of the patient. */
  readonly looksAt?: 'patient' | ((op: SyncOp) => readonly string[]);
  /** Of which rows `r` devices hold the newest state, in SQL; of all when absent. */
  readonly heldWhile?: string;
  /** The statement that stores what became of rows, in the order of the ops, given as `$1`, JSON. */
  readonly store?: (hospital: Pick<Hospital, 'id' | 'schema'>) => string;
  /** Whether rows tell in which version a field changed. */
  readonly versioned: boolean;
  /** The change history and the other services hear of it under this name. */
  readonly event: (row: Row, kind: SyncOp['kind']) => { readonly type: string; readonly payload: object };
  /** What the op does to the row. Pure: the same op on the same view has the same outcome. */
  readonly reduce: (op: ReadyOp, view: View) => Outcome;
  /** Maps a constraint of the database to what the op's author should hear. */
  readonly refusals: Readonly<Record<string, Pick<Refusal, 'code' | 'text'>>>;
}

export const rejected = (code: SyncRefusal, text: string, errors?: Refusal['errors']): Refusal => ({
  status: 'rejected',
  code,
  text,
  ...(errors ? { errors } : {}),
});
