import type { SyncResult } from '@hms/contracts';
import type { SyncActor } from '../access/sync-actor.js';
import { type Entity, type Outcome, type ReadyOp, rejected, type View } from '../entities/entity.js';
import type { Row } from '../entities/row.js';
import { type Decision, isRefusal } from './decision.js';
import type { CheckedOp, RawOp } from './op-check.js';
import { patientIdOf } from './op-target.js';
import { type Reach, refusalOfPlace } from './place.js';
import type { Refused } from './refused.js';
import type { WorkingSet } from './working-set.js';

/** Whose ops are applied, and when. */
export interface Context extends Reach {
  readonly actor: Pick<SyncActor, 'userId' | 'permissions'>;
  readonly deviceId: string;
  /** Whether the record number is one of those set aside for the device. */
  readonly ownsMrn: (mrn: string) => boolean;
  /** The record number a patient is given instead of the one the op says. */
  readonly mrnInstead?: (op: ReadyOp) => string | undefined;
  /** Milliseconds. */
  readonly now: number;
  /** What was refused before; it is added to. */
  readonly refused: Refused;
}

/**
 * Applies the ops of a device in their order. An op that is refused stops no other but those that depend on it: those that
 * name it, those of its group, and those on a row it should have made.
 */
export function reduceOps(
  ops: readonly CheckedOp[],
  set: WorkingSet,
  context: Context,
): { decisions: Decision[]; set: WorkingSet } {
  const decisions: Decision[] = [];
  let current = set;
  for (const group of groupsOf(ops)) {
    const trial = group.length > 1 ? current.fork() : current;
    const decided = group.map((op) => {
      const decision = decide(op, trial, context);
      context.refused.note(decision);
      return decision;
    });
    const culprit = group.length > 1 ? decided.find(({ result }) => isRefusal(result.status)) : undefined;
    if (!culprit) current = trial;
    decisions.push(...(culprit ? decided.map((decision) => undone(decision, culprit, context.refused)) : decided));
  }
  return { decisions, set: current };
}

/** Ops that take effect together, in their order. */
export function groupsOf<Op extends Pick<CheckedOp, 'raw'>>(ops: readonly Op[]): Op[][] {
  const groups: Op[][] = [];
  for (const [i, op] of ops.entries()) {
    const group = groupOf(op);
    if (group !== undefined && i > 0 && group === groupOf(ops[i - 1])) groups.at(-1)?.push(op);
    else groups.push([op]);
  }
  return groups;
}

const groupOf = (op: Pick<CheckedOp, 'raw'> | undefined): string | undefined => {
  const group = op?.raw['group'];
  return typeof group === 'string' ? group : undefined;
};

/** An op of a group of which one was refused. */
function undone(decision: Decision, culprit: Decision, refused: Refused): Decision {
  if (isRefusal(decision.result.status)) return decision;
  const { seq, op } = decision.result;
  const text = 'Another change of its group was refused.';
  const blocked = {
    ...decision,
    wrote: false,
    result: { seq, op, status: 'blocked', by: culprit.result.op, text },
  } as const;
  refused.note(blocked);
  return blocked;
}

function decide(checked: CheckedOp, set: WorkingSet, context: Context): Decision {
  const { raw } = checked;
  if ('refusal' in checked) {
    return {
      raw,
      op: undefined,
      entity: undefined,
      row: undefined,
      wrote: false,
      result: resultOf(raw, checked.refusal),
    };
  }
  const { ready: op, entity } = checked;
  const row = set.find(op.entity, op.id);
  const by = context.refused.blocker(op, set);
  if (by !== undefined) {
    const result = {
      seq: op.seq,
      op: op.op,
      status: 'blocked',
      by,
      text: 'A change it depends on was refused.',
    } as const;
    return { raw, op, entity: op.entity, row, wrote: false, result };
  }
  const outcome =
    refusalOfPlace(op, row, set, context) ??
    (op.kind === 'create' && row ? idInUse : entity.reduce(op, viewOf(op, row, entity, { set, context })));
  const after = rowAfter(op, row, outcome, { set, context });
  const wrote = after !== row;
  const ver = after && !isRefusal(outcome.status) ? { ver: after.version } : {};
  return { raw, op, entity: op.entity, row: after, wrote, result: { ...resultOf(raw, outcome), ...ver } };
}

const idInUse = rejected('invalid', 'There is a row of this id already.', [{ field: 'id', message: 'is in use' }]);

interface Stage {
  readonly set: WorkingSet;
  readonly context: Context;
}

function viewOf(op: ReadyOp, row: Row | undefined, { looksAt }: Entity, { set, context }: Stage): View {
  const siblings =
    looksAt === 'patient'
      ? set.ofPatient(op.entity, row?.patientId ?? patientIdOf(op))
      : (looksAt?.(op) ?? []).flatMap((id) => set.find(op.entity, id) ?? []);
  const { userId, permissions } = context.actor;
  const own = set.own(context.deviceId, op.id);
  const mrnInstead = context.mrnInstead?.(op);
  return { row, siblings, userId, permissions, own, schedules: set.schedules, now: context.now, mrnInstead };
}

function rowAfter(op: ReadyOp, before: Row | undefined, outcome: Outcome, { set, context }: Stage): Row | undefined {
  const by = { userId: context.actor.userId, deviceId: context.deviceId };
  if ('existing' in outcome) return set.affirm(op.entity, outcome.existing, by);
  if (!('fields' in outcome) || (before && Object.keys(outcome.fields).length === 0)) return before;
  return before ? set.update(op.entity, before, outcome.fields, by) : set.insert(op.entity, op.id, outcome.fields, by);
}

function resultOf({ seq, op }: RawOp, outcome: Outcome): SyncResult {
  const { status } = outcome;
  const { code, text, errors, conflicts = [] }: Partial<SyncResult> = outcome;
  return {
    seq,
    op,
    status,
    ...(code ? { code } : {}),
    ...(text === undefined ? {} : { text }),
    ...(errors ? { errors } : {}),
    ...(conflicts.length > 0 ? { conflicts } : {}),
  };
}
