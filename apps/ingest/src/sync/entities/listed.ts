import type { FieldConflict } from '@hms/contracts';
import { type Outcome, type ReadyOp, rejected, type View } from './entity.js';
import { changedByOthers, mergeFields, type MergeRules, seenLater } from './merge.js';
import { type Row, same, saidAnew } from './row.js';

/** A list of a patient's where each thing is listed once while it is active: allergies, problems. */
export interface ListRules {
  /** What is listed: two active entries of a patient that say the same are one. */
  readonly subject: string;
  readonly isActive: (row: Pick<Row, 'fields'>) => boolean;
  /** Fields that cannot be changed by anybody else while an entry is taken off the list. */
  readonly weighty: ReadonlySet<string>;
  readonly merge: MergeRules;
}

/**
 * Set union: adding what is there already is no second entry; an entry is never deleted, but resolved or called an error,
 * and whoever takes it off the list must have seen it as it is, and that somebody added it once more: in whatever order they
 * come, an addition stands against a removal by who did not know of it.
 */
export function reduceListed(op: ReadyOp, view: View, rules: ListRules): Outcome {
  if (op.kind === 'create') return add(op, view, rules);
  if (op.kind !== 'update') {
    return rejected('bad_transition', 'Entries are not deleted: change their status, with a reason.');
  }
  const { row } = view;
  if (!row) return rejected('not_found', 'There is no such entry.');
  if (row.fields['verificationStatus'] === 'entered-in-error') {
    return rejected('bad_transition', 'The entry was called an error; record it anew.');
  }
  const after = { fields: { ...row.fields, ...op.patch } };
  const { verificationStatus, statusReason } = after.fields;
  if (['refuted', 'entered-in-error'].includes(String(verificationStatus)) && !statusReason) {
    return rejected('invalid', 'statusReason must say why.', [{ field: 'statusReason', message: 'is missing' }]);
  }
  if (op.base !== null && op.base > row.version) return seenLater(row.version);
  const takesOff = rules.isActive(row) && !rules.isActive(after);
  if (takesOff && weightyChange(op, view, rules)) {
    return { status: 'conflict', text: 'Somebody else changed the entry since. Look at it again.', conflicts: [] };
  }
  return mergeFields(op, view, rules.merge);
}

function add(op: ReadyOp, { siblings }: View, { subject, isActive }: ListRules): Outcome {
  const fields = op.patch ?? {};
  const existing = isActive({ fields }) && siblings.find((other) => isActive(other) && says(other, fields, subject));
  if (!existing) return { status: 'applied', fields };
  const conflicts = Object.entries(fields).flatMap(([field, yours]): FieldConflict[] => {
    const theirs = existing.fields[field] ?? null;
    return field === subject || field === 'patientId' || same(theirs, yours)
      ? []
      : [{ field, yours, theirs, kept: 'theirs' }];
  });
  return { status: 'merged', existing, conflicts };
}

const says = (row: Row, fields: Readonly<Record<string, unknown>>, subject: string): boolean =>
  String(row.fields[subject]).toLowerCase() === String(fields[subject]).toLowerCase();

function weightyChange(op: ReadyOp, view: View, { weighty, merge }: ListRules): boolean {
  if (!changedByOthers(op, view)) return false;
  const { row, own } = view;
  return [saidAnew, ...[...weighty].flatMap((field) => merge.columnsOf(field))].some((column) => {
    const changedIn = row?.fieldVersions[column] ?? 0;
    return changedIn > (op.base ?? 0) && !own.has(changedIn);
  });
}
