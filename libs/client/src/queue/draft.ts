import type { SyncEntityName, SyncOp, SyncResult, SyncRow } from '@hms/contracts';
import { ClientError } from '../errors.js';
import { asFields, asJson, type Fields, isSame, sizeOf } from '../json.js';
import { limits } from '../limits.js';
import { type PendingOp, viewOf } from '../view.js';
import type { AttentionItem } from './queued.js';

/** An op before it has a number and a time. */
export type DraftOp = Omit<SyncOp, 'seq' | 'group' | 'sv' | 'hlc' | 'at' | 'off'>;

/** What a person wants changed. */
export type Change =
  | { readonly kind: 'create'; readonly entity: SyncEntityName; readonly id: string; readonly fields: object }
  | { readonly kind: 'update'; readonly entity: SyncEntityName; readonly id: string; readonly fields: object }
  | { readonly kind: 'delete'; readonly entity: SyncEntityName; readonly id: string; readonly reason: string }
  | {
      readonly kind: 'command';
      readonly entity: SyncEntityName;
      readonly id: string;
      readonly name: string;
      readonly args?: object;
    };

/** What a change is made on. */
export interface Ground {
  /** The row as the server said it last. */
  readonly base: SyncRow | undefined;
  readonly pending: readonly PendingOp[];
}

/** Room for number, times and group in the size of an op. */
const stampBytes = 512;
const maxDeps = 20;

/**
 * The op of a change; undefined when the row says so already.
 *
 * An update carries only fields that change, and what they said: the server asks people only about fields two of them
 * changed. `base` is the version the server knows; of a row it does not know yet, 0; while changes of the row wait, theirs:
 * they hide what others changed since.
 *
 * @param op its id
 * @throws ClientError not-found for a change of a row that is not there, too-large
 */
export function draftOf(change: Change, ground: Ground, op: string, deps: readonly string[] = []): DraftOp | undefined {
  const own = ground.pending.filter(({ entity, id }) => entity === change.entity && id === change.id);
  const row = viewOf(ground.base, own);
  if (!row && change.kind !== 'create') throw new ClientError('not-found', 'there is no such row on this device');
  const said = contentOf(change, row);
  if (!said) return undefined;
  const draft: DraftOp = {
    op,
    entity: change.entity,
    id: change.id,
    kind: change.kind,
    base: change.kind === 'create' ? null : Math.min(ground.base?._v ?? 0, ...own.map(({ base }) => base ?? 0)),
    ...said,
    deps: [...new Set([...deps, ...createdOps(change.id, said.patch ?? said.cmd?.args ?? {}, ground.pending)])].slice(
      0,
      maxDeps,
    ),
  };
  return checked(draft);
}

/** @throws ClientError too-large */
export function checked(draft: DraftOp): DraftOp {
  if (sizeOf(draft) + stampBytes > limits.opBytes)
    throw new ClientError('too-large', 'the change is too large to be sent');
  return draft;
}

function contentOf(change: Change, row: SyncRow | undefined): Pick<SyncOp, 'patch' | 'was' | 'cmd'> | undefined {
  switch (change.kind) {
    case 'create':
      return { patch: asFields(change.fields), was: null, cmd: null };
    case 'update': {
      const patch = changedFields(asFields(change.fields), row);
      if (Object.keys(patch).length === 0) return undefined;
      const was = Object.fromEntries(Object.keys(patch).map((field) => [field, asJson(row?.[field])]));
      return { patch, was, cmd: null };
    }
    case 'delete':
      return { patch: { deletedReason: change.reason }, was: null, cmd: null };
    case 'command':
      return { patch: null, was: null, cmd: { name: change.name, args: asFields(change.args ?? {}) } };
  }
}

const changedFields = (fields: Fields, row: SyncRow | undefined): Fields =>
  Object.fromEntries(Object.entries(fields).filter(([field, value]) => !isSame(value, row?.[field])));

/** Ops that make the rows a change refers to: without them it makes no sense. */
function createdOps(id: string, fields: Fields, pending: readonly PendingOp[]): string[] {
  const mentioned = new Set(Object.values(fields).filter((value) => typeof value === 'string'));
  return pending.filter((op) => op.kind === 'create' && op.id !== id && mentioned.has(op.id)).map(({ op }) => op);
}

/**
 * The op of a change that was refused, made anew on the row as it stands: with what the person corrected, otherwise as it
 * was. Of a change of which some was taken, the rest.
 *
 * @throws ClientError too-large
 */
export function redraftOf(item: AttentionItem, edit: object, base: SyncRow | undefined, op: string): DraftOp {
  const { op: before, result } = item;
  const edited = asFields(edit);
  const patch = before.patch && { ...restOf(before.patch, result), ...edited };
  const isUpdate = before.kind === 'update' && patch !== null;
  // What the person decides on is the row as the answer showed it, where there is none here.
  const shown = base ?? result.row ?? undefined;
  return checked({
    op,
    entity: before.entity,
    id: before.id,
    kind: before.kind,
    base: before.kind === 'create' ? null : (shown?._v ?? before.base ?? 0),
    patch,
    was: isUpdate ? Object.fromEntries(Object.keys(patch).map((field) => [field, asJson(shown?.[field])])) : null,
    cmd: before.cmd && { ...before.cmd, args: { ...before.cmd.args, ...edited } },
    deps: before.deps,
  });
}

function restOf(patch: Fields, { status, conflicts = [] }: SyncResult): Fields {
  if (status !== 'merged') return patch;
  const open = new Set(conflicts.map(({ field }) => field));
  return Object.fromEntries(Object.entries(patch).filter(([field]) => open.has(field)));
}
