import { z } from 'zod';
import { type Entity, type Field, type Outcome, type ReadyOp, rejected, type View } from './entity.js';
import { columnsOf, instant, line, partialDateField, plain, plainFields, rfc3339 } from './fields.js';
import { changedByOthers, type FieldClass, mergeFields, seenLater } from './merge.js';

const address = z.strictObject({
  line: line(200).nullish(),
  city: line(100).nullish(),
  district: line(100).nullish(),
  state: line(100).nullish(),
  postalCode: line(20).nullish(),
  country: z
    .string()
    .regex(/^[A-Z]{2}$/)
    .nullish(),
});

const fields: Record<string, Field> = {
  ...plainFields({
    familyName: line(100),
    givenName: line(100),
    sexForClinicalUse: z.enum(['female', 'male', 'specified', 'unknown']),
    gender: z.enum(['male', 'female', 'other', 'unknown']).nullable(),
    phone: z
      .string()
      .regex(/^(?=(?:\D*\d){4})\+?[0-9 ().-]{4,30}$/)
      .nullable(),
    email: z.email().max(254).nullable(),
    address: address.nullable(),
    preferredLanguage: z
      .string()
      .regex(/^[a-z]{2,3}(-[A-Za-z0-9]{2,8}){0,4}$/)
      .nullable(),
    wardId: z.uuid().toLowerCase().nullable(),
  }),
  // One of the numbers set aside for the device; without it the hospital gives the next.
  mrn: plain('mrn', z.string().regex(/^\d{8,18}$/), { once: true }),
  birthDate: partialDateField('birth_date'),
  deceasedAt: instant('deceased_at', rfc3339.nullable()),
  bloodGroup: plain('blood_group', z.enum(['A+', 'A-', 'B+', 'B-', 'AB+', 'AB-', 'O+', 'O-']).nullable(), {
    needs: 'allergy:read',
  }),
  allergyStatus: { sql: 'r.allergy_status', needs: 'allergy:read' },
  deletedAt: instant('deleted_at'),
  deletedReason: plain('deleted_reason'),
};

/** How to reach a person may be wrong for a day; who a person is may not. */
const reaching = new Set(['phone', 'email', 'address', 'preferredLanguage']);
const classOf = (field: string): FieldClass => (reaching.has(field) ? 'server-wins' : 'people');
const rules = { classOf, columnsOf: (field: string) => Object.keys(columnsOf(fields, field)) };

export const patients: Entity = {
  name: 'patients',
  write: 'patient:write',
  fields,
  required: ['familyName', 'givenName'],
  defaults: { sexForClinicalUse: 'unknown' },
  authored: true,
  versioned: true,
  event: ({ id, version }, kind) => ({
    type: kind === 'create' ? 'patient.registered' : 'patient.updated',
    payload: { id, version },
  }),
  refusals: {
    patient_mrn_key: { code: 'invalid', text: 'This record number belongs to another patient.' },
    patient_ward_id_fkey: { code: 'invalid', text: 'There is no such ward.' },
    patient_admitted: { code: 'bad_transition', text: 'The patient is in hospital, or about to be.' },
    patient_in_bed: { code: 'bad_transition', text: 'The patient lies in a bed of another ward.' },
  },
  reduce: (op, view) => {
    const { row, permissions } = view;
    if (op.patch?.['wardId'] !== undefined && !permissions.has('patient:place')) return notAllowed('wardId');
    if (op.patch?.['bloodGroup'] !== undefined && !permissions.has('allergy:write')) return notAllowed('bloodGroup');
    if (op.kind === 'create') return register(op, view);
    if (row?.deleted) {
      return { status: 'conflict', code: 'deleted', text: 'The patient was deleted since.', conflicts: [] };
    }
    if (op.kind === 'update') return mergeFields(op, view, rules);
    if (op.kind === 'delete') return remove(op, view);
    return rejected('invalid', 'Patients take no commands.');
  },
};

const notAllowed = (field: string): Outcome =>
  rejected('forbidden', `You may not set ${field}.`, [{ field, message: 'needs a right you do not have' }]);

function register({ patch }: ReadyOp, { mrnInstead }: View): Outcome {
  if (mrnInstead === undefined) return { status: 'applied', fields: patch ?? {} };
  const conflict = { field: 'mrn', yours: patch?.['mrn'], theirs: mrnInstead, kept: 'theirs' } as const;
  return { status: 'merged', fields: { ...patch, mrn: mrnInstead }, conflicts: [conflict] };
}

function remove(op: ReadyOp, view: View): Outcome {
  if (!view.permissions.has('patient:delete')) return rejected('forbidden', 'You may not delete patients.');
  if (!view.row) return rejected('not_found', 'There is no such patient.');
  if (op.base === null) return rejected('invalid', 'base must say which version was deleted.');
  if (op.base > view.row.version) return seenLater(view.row.version);
  if (changedByOthers(op, view)) {
    return { status: 'conflict', text: 'Somebody else changed the patient since.', conflicts: [] };
  }
  const reason = line(500).safeParse(op.patch?.['deletedReason']);
  if (!reason.success) return rejected('invalid', 'deletedReason must say why.');
  return { status: 'applied', fields: { deletedAt: new Date(view.now).toISOString(), deletedReason: reason.data } };
}
