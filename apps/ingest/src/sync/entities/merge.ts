import type { FieldConflict } from '@hms/contracts';
import { type Outcome, type ReadyOp, rejected, type View } from './entity.js';
import { type Row, same } from './row.js';

/** What happens when somebody else changed a field since. `people`: a person decides, and nothing of the op takes effect. */
export type FieldClass = 'server-wins' | 'people';

export interface MergeRules {
  readonly classOf: (field: string) => FieldClass;
  /** The columns a field is stored in, under which versions are kept. */
  readonly columnsOf: (field: string) => readonly string[];
}

/**
 * Three-way merge by field. A field is free when nobody else changed it since the version the op was made on, nor made it
 * say anything but what its author saw, or when it says what the op wants already; what is free is taken.
 */
export function mergeFields(op: ReadyOp, { row, own }: View, { classOf, columnsOf }: MergeRules): Outcome {
  if (!row) return rejected('not_found', 'There is no such row.');
  const base = baseOf(op, row);
  if (typeof base !== 'number') return base;
  const isFree = (field: string): boolean =>
    columnsOf(field).every((column) => {
      const changedIn = row.fieldVersions[column];
      return own.has(changedIn ?? 1) || ((changedIn ?? 0) <= base && !wasHidden(op, field, row));
    });
  const taken: Record<string, unknown> = {};
  const contested: FieldConflict[] = [];
  for (const [field, yours] of Object.entries(op.patch ?? {})) {
    const theirs = row.fields[field] ?? null;
    if (same(theirs, yours)) continue;
    if (isFree(field)) taken[field] = yours;
    else contested.push({ field, yours, theirs, kept: 'theirs' });
  }
  if (contested.some(({ field }) => classOf(field) === 'people')) {
    return { status: 'conflict', text: 'Somebody else changed the same since. Look at both.', conflicts: contested };
  }
  if (contested.length > 0) return { status: 'merged', fields: taken, conflicts: contested };
  return Object.keys(taken).length > 0 ? { status: 'applied', fields: taken } : { status: 'applied', unchanged: true };
}

/**
 * Whether the person saw another value than the row has. A change of one's own that still waits hides what others say, also
 * when the row they changed came in before the next change was made on it.
 */
export const wasHidden = ({ was }: Pick<ReadyOp, 'was'>, field: string, { fields }: Pick<Row, 'fields'>): boolean =>
  was !== null && Object.hasOwn(was, field) && !same(was[field], fields[field]);

/** On which version the change was made; what becomes of it when that is not said, or cannot be. */
export function baseOf({ base }: Pick<ReadyOp, 'base'>, { version }: Pick<Row, 'version'>): number | Outcome {
  if (base === null) return rejected('invalid', 'base must say on which version the change was made.');
  return base > version ? seenLater(version) : base;
}

/** A version nobody has made: of a server that was restored, or made up. */
export const seenLater = (version: number): Outcome => ({
  status: 'conflict',
  text: `The change was made on a version that is not there; the row stands at ${version}.`,
  conflicts: [],
});

/** Whether anybody but the device itself changed the row since the version the op was made on. */
export function changedByOthers({ base }: Pick<ReadyOp, 'base'>, { row, own }: View): boolean {
  if (!row || base === null) return false;
  for (let version = base + 1; version <= row.version; version++) if (!own.has(version)) return true;
  return false;
}
