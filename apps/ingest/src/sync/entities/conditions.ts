import { z } from 'zod';
import type { Entity, Field } from './entity.js';
import { columnsOf, day, line, plain, plainFields } from './fields.js';
import { type ListRules, reduceListed } from './listed.js';

const fields: Record<string, Field> = {
  patientId: plain('patient_id', z.uuid().toLowerCase(), { once: true }),
  display: plain('display', line(200), { once: true }),
  codeSystem: plain('code_system', line(200).nullable(), { once: true }),
  code: plain('code', line(64).nullable(), { once: true }),
  ...plainFields({
    clinicalStatus: z.enum(['active', 'recurrence', 'relapse', 'inactive', 'remission', 'resolved']),
    verificationStatus: z.enum([
      'unconfirmed',
      'provisional',
      'differential',
      'confirmed',
      'refuted',
      'entered-in-error',
    ]),
    severity: z.enum(['mild', 'moderate', 'severe']).nullable(),
    onsetDate: day.nullable(),
    abatementDate: day.nullable(),
    statusReason: line(500).nullable(),
  }),
};

const harmless = new Set(['statusReason', 'onsetDate', 'abatementDate']);
const activeStatuses: readonly unknown[] = ['active', 'recurrence', 'relapse'];

const list: ListRules = {
  subject: 'display',
  isActive: ({ fields: { clinicalStatus = 'active', verificationStatus = 'confirmed' } }) =>
    activeStatuses.includes(clinicalStatus) && !['refuted', 'entered-in-error'].includes(String(verificationStatus)),
  weighty: new Set(['severity', 'verificationStatus']),
  merge: {
    classOf: (field) => (harmless.has(field) ? 'server-wins' : 'people'),
    columnsOf: (field) => Object.keys(columnsOf(fields, field)),
  },
};

/** The problem list. */
export const conditions: Entity = {
  name: 'conditions',
  write: 'condition:write',
  fields,
  required: ['patientId', 'display'],
  defaults: { clinicalStatus: 'active', verificationStatus: 'confirmed' },
  authored: true,
  looksAt: 'patient',
  versioned: true,
  event: ({ id, patientId, version }) => ({ type: 'condition.changed', payload: { id, patientId, version } }),
  refusals: {
    condition_check: { code: 'invalid', text: 'code and codeSystem belong together.' },
    condition_check1: { code: 'invalid', text: 'A problem cannot end before it began.' },
  },
  reduce: (op, view) => reduceListed(op, view, list),
};
