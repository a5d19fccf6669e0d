import {
  dispositions,
  encounterClasses,
  type EncounterMove,
  type EncounterMoveRefusal,
  encounterStatuses,
  type EncounterStatus,
  type FieldConflict,
  refusalOfEncounterMove,
} from '@hms/contracts';
import { z } from 'zod';
import { deviceTime } from './device-time.js';
import { type Entity, type Field, type Outcome, type ReadyOp, rejected, type Refusal, type View } from './entity.js';
import { instant, line, plain, prose, rfc3339 } from './fields.js';
import { baseOf, changedByOthers, wasHidden } from './merge.js';
import { type Fields, type Row, same } from './row.js';

const once = { once: true } as const;
const uuid = z.uuid().toLowerCase();
const acuity = z.int().min(1).max(5);

const fields: Record<string, Field> = {
  patientId: plain('patient_id', uuid, once),
  visitId: plain('visit_id', uuid.nullable(), once),
  appointmentId: plain('appointment_id', uuid.nullable(), once),
  // Inpatients are admitted, which takes the bed's consent.
  class: plain('class', z.enum(encounterClasses).exclude(['IMP']), once),
  status: plain('status', z.enum(['planned', 'arrived']), once),
  plannedFor: instant('planned_for', rfc3339.nullable(), once),
  responsibleId: plain('responsible_id', uuid.nullable()),
  chiefComplaint: plain('chief_complaint', prose(1_000).nullable()),
  acuity: plain('acuity', acuity),
  disposition: plain('disposition'),
  statusReason: plain('status_reason'),
  startedAt: instant('started_at'),
  endedAt: instant('ended_at'),
  siteId: { accepts: uuid.nullable(), columns: (value) => ({ site_id: value }), ...once },
  openedAt: { columns: (value) => ({ opened_at: value }) },
};

const open = `('planned', 'arrived', 'triaged', 'in-progress', 'onleave')`;
const ended: readonly unknown[] = ['finished', 'cancelled', 'entered-in-error'] satisfies EncounterStatus[];

const moveArgs = z.strictObject({
  status: z.enum(encounterStatuses),
  acuity: acuity.optional(),
  disposition: z.enum(dispositions).optional(),
  reason: line(500).min(3).optional(),
});

/** Who is to be seen, who is being seen, and how it ended. States change by a command, along the table of the contract. */
export const encounters: Entity = {
  name: 'encounters',
  write: 'encounter:register',
  fields,
  required: ['patientId', 'class'],
  defaults: { status: 'arrived' },
  authored: true,
  // What was done with is in the record, for those who are online.
  heldWhile: `(r.status in ${open} or r.updated_at > now() - interval '1 day')`,
  versioned: false,
  store: ({ schema }) => `select ${schema}.store_encounters($1::text::jsonb)`,
  event: ({ id, patientId, version }, kind) => ({
    type: kind === 'create' ? 'encounter.opened' : kind === 'command' ? 'encounter.moved' : 'encounter.changed',
    payload: { id, patientId, version },
  }),
  refusals: {
    encounter_move: { code: 'bad_transition', text: 'The encounter does not go from its state to that one.' },
    encounter_undiagnosed: { code: 'bad_transition', text: 'A diagnosis is missing.' },
    encounter_unsigned: { code: 'bad_transition', text: 'A note is not signed.' },
    encounter_appointment: { code: 'parent_missing', text: 'The patient has no such appointment that is kept.' },
    encounter_appointment_id_key: { code: 'invalid', text: 'The appointment is of another encounter.' },
    encounter_patient_id_visit_id_fkey: { code: 'parent_missing', text: 'The patient has no such visit.' },
  },
  reduce: (op, view) => {
    if (op.kind === 'create') return register(op, view);
    if (!view.row) return rejected('not_found', 'There is no such encounter.');
    if (op.kind === 'update') return rewrite(op, view.row, view);
    if (op.kind === 'command' && op.cmd?.name === 'encounter.move') return move(op, view.row, view);
    return rejected('bad_transition', 'Encounters take the command encounter.move, and are not deleted.');
  },
};

function register(op: ReadyOp, { now }: View): Outcome {
  const { status = 'arrived', plannedFor = null, acuity: urgency } = op.patch ?? {};
  if (urgency !== undefined) return invalid('acuity', 'is said with triaged');
  if ((status === 'planned') !== (plannedFor !== null))
    return invalid('plannedFor', 'is of an encounter that is planned');
  const { recordedAt } = deviceTime(op.at, op.off, now);
  const startedAt = status === 'arrived' ? recordedAt : null;
  return { status: 'applied', fields: { ...op.patch, status, startedAt, openedAt: plannedFor ?? recordedAt } };
}

function rewrite(op: ReadyOp, row: Row, view: View): Outcome {
  if (!view.permissions.has('encounter:conduct')) return rejected('forbidden', 'You may not write to encounters.');
  const base = baseOf(op, row);
  if (typeof base !== 'number') return base;
  if (ended.includes(row.fields['status'])) return rejected('bad_transition', 'The encounter is over.');
  const patch: Fields = op.patch ?? {};
  const conflicts = Object.entries(patch).flatMap(([field, yours]): FieldConflict[] => {
    const theirs = row.fields[field] ?? null;
    return same(theirs, yours) ? [] : [{ field, yours, theirs, kept: 'theirs' }];
  });
  const isContested = changedByOthers(op, view) || conflicts.some(({ field }) => wasHidden(op, field, row));
  if (conflicts.length > 0 && isContested) {
    return { status: 'conflict', text: 'Somebody else changed the encounter since. Look at it again.', conflicts };
  }
  return { status: 'applied', fields: patch };
}

function move(op: ReadyOp, row: Row, { permissions, now }: View): Outcome {
  const args = moveArgs.safeParse(op.cmd?.args);
  if (!args.success) return rejected('invalid', 'encounter.move takes status, acuity, disposition and reason.');
  const current = { class: String(row.fields['class']), status: row.fields['status'] as EncounterStatus };
  if (current.status === args.data.status) return { status: 'applied', unchanged: true };
  const disposition = (row.fields['disposition'] ?? null) as string | null;
  const hasEnded = (row.fields['endedAt'] ?? null) !== null;
  const refusal = refusalOfEncounterMove(permissions, { ...current, disposition, hasEnded }, args.data);
  if (refusal) return refused(refusal, current.status, args.data.status);
  return { status: 'applied', fields: moved(row.fields, args.data, deviceTime(op.at, op.off, now)) };
}

function moved(before: Fields, { status, acuity: urgency, disposition, reason }: EncounterMove, when: Fields): Fields {
  const at = String(when['recordedAt']);
  const begun = typeof before['startedAt'] === 'string' ? before['startedAt'] : '';
  return {
    status,
    ...(urgency === undefined ? {} : { acuity: urgency }),
    ...(disposition === undefined ? {} : { disposition: before['disposition'] ?? disposition }),
    ...(reason === undefined ? {} : { statusReason: reason }),
    ...(status === 'arrived' ? { startedAt: at } : {}),
    // Never before it began, whatever two clocks say.
    ...(status === 'finished' ? { endedAt: before['endedAt'] ?? (begun > at ? begun : at) } : {}),
  };
}

const invalid = (field: string, message: string): Refusal =>
  rejected('invalid', `${field} ${message}.`, [{ field, message }]);

function refused(refusal: EncounterMoveRefusal, from: string, to: string): Refusal {
  switch (refusal.why) {
    case 'invalid':
      return invalid(refusal.field, refusal.message);
    case 'forbidden':
      return rejected('forbidden', 'You may not do that.');
    case 'of-admission':
      return rejected('bad_transition', 'The stay of an inpatient goes on with the admission.');
    case 'illegal-move':
      return rejected('bad_transition', `The encounter is ${from}, and not to be ${to}.`);
  }
}
