import type { SyncOp } from '@hms/contracts';
import { z } from 'zod';
import { deviceTime } from './device-time.js';
import { type Entity, type Field, type Outcome, type ReadyOp, rejected, type View } from './entity.js';
import { instant, line, plain, plainFields, prose, rfc3339 } from './fields.js';

const fields: Record<string, Field> = {
  patientId: plain('patient_id', z.uuid().toLowerCase(), { once: true }),
  parentId: plain('parent_id', z.uuid().toLowerCase().nullable(), { once: true }),
  encounterId: plain('encounter_id', z.uuid().toLowerCase().nullable(), { once: true }),
  ...plainFields({
    relation: z.enum(['original', 'revision', 'addendum']),
    kind: z.enum(['progress', 'nursing', 'handover', 'consultation', 'procedure', 'discharge', 'other']),
    text: prose(20_000),
  }),
  recordedAt: instant('recorded_at', rfc3339, { once: true }),
  clockSuspect: plain('clock_suspect'),
  signedAt: instant('signed_at'),
  signedBy: plain('signed_by'),
  status: plain('status'),
  statusReason: plain('status_reason'),
  createdBy: { sql: 'r.created_by' },
};

/** Texts are added, each after the one it corrects or adds to. Two revisions of one text stand side by side. */
export const notes: Entity = {
  name: 'notes',
  write: 'note:write',
  fields,
  required: ['patientId', 'kind', 'text'],
  defaults: { relation: 'original', status: 'current' },
  authored: true,
  looksAt: (op: SyncOp) => (typeof op.patch?.['parentId'] === 'string' ? [op.patch['parentId']] : []),
  versioned: false,
  event: ({ id, patientId, version }) => ({ type: 'note.written', payload: { id, patientId, version } }),
  refusals: {
    note_signed: { code: 'bad_transition', text: 'The note was signed since: write an addendum.' },
    note_unsigned: { code: 'bad_transition', text: 'The note is not signed: revise it.' },
    note_encounter: { code: 'parent_missing', text: 'The patient has no such encounter.' },
    note_check: { code: 'invalid', text: 'A revision or addendum names its parent, an original has none.' },
  },
  reduce: (op, view) => {
    if (op.kind === 'create') return write(op, view);
    if (op.kind !== 'command') return rejected('bad_transition', 'A note is not rewritten: revise it, or add to it.');
    if (!view.row) return rejected('not_found', 'There is no such note.');
    if (op.cmd?.name === 'note.sign') return sign(view.row.fields, view);
    if (op.cmd?.name === 'note.void') return voidNote(op, view);
    return rejected('invalid', 'Notes take the commands note.sign and note.void.');
  },
};

function write(op: ReadyOp, { siblings, now }: View): Outcome {
  const { parentId = null, relation = 'original', recordedAt = op.at } = op.patch ?? {};
  if ((relation === 'original') !== (parentId === null)) {
    return rejected('invalid', 'A revision or addendum names its parent, an original has none.');
  }
  if (parentId !== null) {
    const parent = siblings.find(({ id }) => id === parentId);
    if (!parent || parent.patientId !== op.patch?.['patientId'])
      return rejected('parent_missing', 'There is no such note.');
    const signed = (parent.fields['signedAt'] ?? null) !== null;
    if (signed && relation === 'revision')
      return rejected('bad_transition', 'The note was signed since: write an addendum.');
    if (!signed && relation === 'addendum') return rejected('bad_transition', 'The note is not signed: revise it.');
  }
  return { status: 'applied', fields: { ...op.patch, relation, parentId, ...deviceTime(recordedAt, op.off, now) } };
}

function sign(fields: Readonly<Record<string, unknown>>, { userId, now, row }: View): Outcome {
  if ((fields['signedAt'] ?? null) !== null) {
    if (fields['signedBy'] === userId) return { status: 'applied', unchanged: true };
    return rejected('bad_transition', 'Somebody else signed the note.');
  }
  if (fields['status'] === 'entered-in-error' || !row)
    return rejected('bad_transition', 'The note was called an error.');
  return { status: 'applied', fields: { signedAt: new Date(now).toISOString(), signedBy: userId } };
}

function voidNote(op: ReadyOp, { row }: View): Outcome {
  if (row?.fields['status'] === 'entered-in-error') return { status: 'applied', unchanged: true };
  const reason = line(500).min(3).safeParse(op.cmd?.args['reason']);
  if (!reason.success) return rejected('invalid', 'reason must say why, in 3 to 500 characters.');
  return { status: 'applied', fields: { status: 'entered-in-error', statusReason: reason.data } };
}
