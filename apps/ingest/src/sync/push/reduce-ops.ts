import type { SyncEntityName, SyncResult } from '@hms/contracts';
import type { SyncActor } from '../access/sync-actor.js';
import { type Entity, type Outcome, type ReadyOp, rejected, type Refusal, type View } from '../entities/entity.js';
import type { Row } from '../entities/row.js';
import type { CheckedOp, RawOp } from './op-check.js';
import type { WorkingSet } from './working-set.js';

/** Whose ops are applied, and when. */
export interface Context {
  readonly actor: SyncActor;
  readonly deviceId: string;
  /** By which keys the device may hold rows. */
  readonly scope: readonly string[];
  /** Milliseconds. */
  readonly now: number;
  /** Whether the record number is one of those set aside for the device. */
  readonly ownsMrn: (mrn: string) => boolean;
}

/** What became of an op; `row` is the one it is about, where there is one. */
export interface Decision {
  readonly raw: RawOp;
  readonly op: ReadyOp | undefined;
  readonly result: SyncResult;
  readonly entity: SyncEntityName | undefined;
  readonly row: Row | undefined;
  /** Whether the op changed the row. */
  readonly wrote: boolean;
}

/**
 * Applies the ops of a device in their order. An op that is refused stops no other but those that depend on it: those that
 * name it, those of its group, and those on a row it should have made.
 * @param refused what was refused before; it is added to
 */
export function reduceOps(
  ops: readonly CheckedOp[],
  set: WorkingSet,
  context: Context,
  refused: Refused,
): { decisions: Decision[]; set: WorkingSet } {
  const decisions: Decision[] = [];
  let current = set;
  for (const group of groupsOf(ops)) {
    const trial = group.length > 1 ? current.fork() : current;
    const decided = group.map((op) => {
      const decision = decide(op, trial, context, refused);
      refused.note(decision);
      return decision;
    });
    const culprit = group.length > 1 ? decided.find(({ result }) => isRefusal(result.status)) : undefined;
    if (culprit) decisions.push(...decided.map((decision) => withGroup(decision, culprit, refused)));
    else {
      current = trial;
      decisions.push(...decided);
    }
  }
  return { decisions, set: current };
}

export const isRefusal = (status: SyncResult['status']): boolean =>
  status === 'rejected' || status === 'conflict' || status === 'blocked';

/** Ops that take effect together, in their order. */
export function groupsOf(ops: readonly CheckedOp[]): CheckedOp[][] {
  const groups: CheckedOp[][] = [];
  for (const [i, op] of ops.entries()) {
    const group = groupOf(op);
    if (group !== undefined && i > 0 && group === groupOf(ops[i - 1])) groups.at(-1)?.push(op);
    else groups.push([op]);
  }
  return groups;
}

const groupOf = (op: CheckedOp | undefined): string | undefined => {
  const group = op?.raw['group'];
  return typeof group === 'string' ? group : undefined;
};

/** An op of a group of which one was refused. */
function withGroup(decision: Decision, culprit: Decision, refused: Refused): Decision {
  if (isRefusal(decision.result.status)) return decision;
  const { seq, op } = decision.result;
  const blocked = { ...decision, wrote: false, result: { seq, op, status: 'blocked', by: culprit.result.op, text: 'Another change of its group was refused.' } as const };
  refused.note(blocked);
  return blocked;
}

/** Ops that took no effect, by what depends on them. */
export class Refused {
  readonly #ops = new Set<string>();
  readonly #creates = new Map<string, string>();

  note({ op, raw, result }: Decision): void {
    if (!isRefusal(result.status)) return;
    this.#ops.add(result.op);
    const { kind, entity, id } = op ?? raw;
    if (kind === 'create') this.#creates.set(`${String(entity)} ${String(id)}`, result.op);
  }

  /** The refused op this one depends on. */
  blocker({ deps, entity, id, patch }: ReadyOp): string | undefined {
    const named = deps.find((dep) => this.#ops.has(dep));
    const parents = [`${entity} ${id}`, `patients ${String(patch?.['patientId'])}`, `${entity} ${String(patch?.['parentId'])}`];
    return named ?? parents.map((key) => this.#creates.get(key)).find((by) => by !== undefined);
  }
}

function decide(checked: CheckedOp, set: WorkingSet, context: Context, refused: Refused): Decision {
  const { raw } = checked;
  if ('refusal' in checked) return { raw, op: undefined, entity: undefined, row: undefined, wrote: false, result: resultOf(raw, checked.refusal) };
  const { ready: op, entity } = checked;
  const by = refused.blocker(op);
  const row = set.find(op.entity, op.id);
  if (by !== undefined) {
    const result = { seq: op.seq, op: op.op, status: 'blocked', by, text: 'A change it depends on was refused.' } as const;
    return { raw, op, entity: op.entity, row, wrote: false, result };
  }
  const outcome = refusalOf(op, set, context) ?? repeatedCreate(op, row) ?? entity.reduce(op, viewOf(op, entity, set, context));
  return settle(op, raw, outcome, set, context);
}

/** What is wrong with where the op acts, whatever it does. */
function refusalOf(op: ReadyOp, set: WorkingSet, { scope, ownsMrn }: Context): Refusal | undefined {
  const row = set.find(op.entity, op.id);
  if (op.kind !== 'create' && !row) return rejected('not_found', 'There is no such row.');
  const patientId = row?.patientId ?? (op.entity === 'patients' ? op.id : String(op.patch?.['patientId']));
  const placement = set.placement(patientId);
  const isNewPatient = op.entity === 'patients' && !row;
  if (!placement && !isNewPatient) return rejected('parent_missing', 'There is no such patient.');
  if (placement && !inScope(patientId, placement.wardId, scope)) {
    return rejected('forbidden_scope', 'The patient is none of yours any more.');
  }
  const wardId = op.entity === 'patients' ? op.patch?.['wardId'] : undefined;
  const movesTo = isNewPatient ? (wardId ?? null) : wardId;
  if (movesTo !== undefined && !inScope(patientId, movesTo as string | null, scope)) {
    return rejected('forbidden_scope', 'You work on other wards.', [{ field: 'wardId', message: 'must be a ward of yours' }]);
  }
  const mrn = isNewPatient ? op.patch?.['mrn'] : undefined;
  if (typeof mrn === 'string' && !ownsMrn(mrn)) {
    return rejected('invalid', 'The record number is none of this device.', [{ field: 'mrn', message: 'was not set aside' }]);
  }
  if (op.entity !== 'patients' && placement?.deleted) return rejected('deleted', "The patient's record was deleted.");
  return undefined;
}

const inScope = (patientId: string, wardId: string | null, scope: readonly string[]): boolean =>
  scope.includes('hospital') || scope.includes(`patient:${patientId}`) || (wardId !== null && scope.includes(`ward:${wardId}`));

/** The row an op would make is there: made by an op that came under another id, or by somebody else. */
function repeatedCreate(op: ReadyOp, row: Row | undefined): Outcome | undefined {
  if (op.kind !== 'create' || !row) return undefined;
  return rejected('invalid', 'There is a row of this id already.', [{ field: 'id', message: 'is in use' }]);
}

function viewOf(op: ReadyOp, { looksAt }: Entity, set: WorkingSet, { actor, deviceId, now }: Context): View {
  const row = set.find(op.entity, op.id);
  const patientId = row?.patientId ?? String(op.patch?.['patientId']);
  const siblings =
    looksAt === 'patient'
      ? set.ofPatient(op.entity, patientId)
      : (looksAt?.(op) ?? []).flatMap((id) => set.find(op.entity, id) ?? []);
  const { userId, permissions } = actor;
  return { row, siblings, userId, permissions, own: set.own(deviceId, op.id), now };
}

function settle(op: ReadyOp, raw: RawOp, outcome: Outcome, set: WorkingSet, { actor, deviceId }: Context): Decision {
  const by = { userId: actor.userId, deviceId };
  const before = set.find(op.entity, op.id);
  const row = rowAfter(op, outcome, set, by, before);
  const ver = row && !isRefusal(outcome.status) ? { ver: row.version } : {};
  return { raw, op, entity: op.entity, row, wrote: row !== before && !('existing' in outcome), result: { ...resultOf(op, outcome), ...ver } };
}

function rowAfter(op: ReadyOp, outcome: Outcome, set: WorkingSet, by: { userId: string; deviceId: string }, before: Row | undefined): Row | undefined {
  if ('existing' in outcome) return outcome.existing;
  if (!('fields' in outcome) || (before && Object.keys(outcome.fields).length === 0)) return before;
  return before
    ? set.update(op.entity, before, outcome.fields, by)
    : set.insert(op.entity, op.id, outcome.fields, by);
}

function resultOf({ seq, op }: Pick<SyncResult, 'seq' | 'op'>, outcome: Outcome): SyncResult {
  const conflicts = 'conflicts' in outcome && outcome.conflicts && outcome.conflicts.length > 0 ? { conflicts: outcome.conflicts } : {};
  const code = 'code' in outcome && outcome.code ? { code: outcome.code } : {};
  const text = 'text' in outcome ? { text: outcome.text } : {};
  const errors = 'errors' in outcome && outcome.errors ? { errors: outcome.errors } : {};
  return { seq, op, status: outcome.status, ...code, ...text, ...errors, ...conflicts };
}
