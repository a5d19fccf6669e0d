import type { SyncEntityName } from '@hms/contracts';
import { entities } from '../entities/registry.js';
import { type Fields, same } from '../entities/row.js';

/** What a client that knows no ops says a row should be. */
export interface Wish {
  readonly entity: SyncEntityName;
  readonly id: string;
  readonly deleted: boolean;
  readonly fields: Fields;
  /** What the client took the row to be; undefined when it made the row, or does not say. */
  readonly assumed?: { readonly version: number | undefined; readonly fields: Fields } | undefined;
  /** The fields the person changed, where the client says so. */
  readonly changed?: readonly string[] | undefined;
  /** Whether it is known that the client saw the row as it stands. */
  readonly seen?: boolean;
}

/** A row as it is stored, whoever may see it. */
export interface StoredRow {
  readonly id: string;
  readonly version: number;
  readonly deleted: boolean;
  readonly fields: Fields;
}

/** What there is to do for a wish, as an op says it. */
export interface Change {
  readonly entity: SyncEntityName;
  readonly id: string;
  readonly kind: 'create' | 'update' | 'delete';
  readonly base: number | null;
  readonly patch: Fields | null;
  readonly was: Fields | null;
}

/** The change that makes the wish come true; undefined when nothing has to be done. What may not be done is not judged here. */
export function changeOf(wish: Wish, row: StoredRow | undefined): Change | undefined {
  const { entity, id, fields, assumed } = wish;
  if (wish.deleted) {
    if (!row || row.deleted) return undefined;
    const reason = fields['deletedReason'];
    const patch = typeof reason === 'string' ? { deletedReason: reason } : null;
    return { entity, id, kind: 'delete', base: baseOf(wish, row, []), patch, was: null };
  }
  if (!row) return { entity, id, kind: 'create', base: null, patch: said(wish), was: null };
  const was = assumed?.fields ?? (wish.changed ? row.fields : undefined);
  const patch = was ? changedFields(wish, was) : differing(wish, row);
  const names = Object.keys(patch);
  if (names.length === 0) return undefined;
  const before = was && Object.fromEntries(names.map((name) => [name, was[name] ?? null]));
  return { entity, id, kind: 'update', base: baseOf(wish, row, names), patch, was: before ?? null };
}

/**
 * On which version the change was made. A client that sent a change keeps the version of before until it pulls, so what it
 * took the fields to be tells more: are they that still, it is the row as it stands.
 */
function baseOf({ assumed, seen }: Wish, row: StoredRow, names: readonly string[]): number {
  const isAsAssumed =
    assumed !== undefined && names.length > 0 && names.every((name) => same(assumed.fields[name], row.fields[name]));
  return seen || isAsAssumed ? row.version : (assumed?.version ?? 0);
}

function changedFields({ fields, assumed, changed }: Wish, was: Fields): Fields {
  const names = changed ?? [...Object.keys(fields), ...Object.keys(assumed?.fields ?? {})];
  return Object.fromEntries(
    names.flatMap((name) => (same(fields[name], was[name]) ? [] : [[name, fields[name] ?? null]])),
  );
}

/** What a new row says. Null says nothing, and neither does what the server alone decides. */
function said({ entity, fields }: Wish): Fields {
  const known = entities[entity].fields;
  return Object.fromEntries(
    Object.entries(fields).filter(
      ([name, value]) => (value ?? null) !== null && (!Object.hasOwn(known, name) || known[name]?.accepts),
    ),
  );
}

/** Of what the client said when it made the row: what can still be changed, and is otherwise. */
function differing(wish: Wish, row: StoredRow): Fields {
  const known = entities[wish.entity].fields;
  return Object.fromEntries(
    Object.entries(said(wish)).filter(([name, value]) => !known[name]?.once && !same(value, row.fields[name])),
  );
}
