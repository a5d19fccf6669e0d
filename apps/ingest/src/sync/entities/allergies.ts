import { z } from 'zod';
import type { Entity, Field } from './entity.js';
import { columnsOf, day, line, plain, plainFields } from './fields.js';
import { type ListRules, reduceListed } from './listed.js';

const fields: Record<string, Field> = {
  patientId: plain('patient_id', z.uuid().toLowerCase(), { once: true }),
  substance: plain('substance', line(200), { once: true }),
  codeSystem: plain('code_system', line(200).nullable(), { once: true }),
  code: plain('code', line(64).nullable(), { once: true }),
  ...plainFields({
    type: z.enum(['allergy', 'intolerance']),
    category: z.enum(['medication', 'food', 'environment', 'biologic']),
    criticality: z.enum(['low', 'high', 'unable-to-assess']),
    reactions: z.array(line(100)).max(20),
    severity: z.enum(['mild', 'moderate', 'severe']).nullable(),
    verificationStatus: z.enum(['unconfirmed', 'confirmed', 'refuted', 'entered-in-error']),
    clinicalStatus: z.enum(['active', 'inactive', 'resolved']),
    statusReason: line(500).nullable(),
    onsetDate: day.nullable(),
  }),
};

const harmless = new Set(['statusReason', 'onsetDate']);

const list: ListRules = {
  subject: 'substance',
  isActive: ({ fields: { clinicalStatus = 'active', verificationStatus = 'unconfirmed' } }) =>
    clinicalStatus === 'active' && !['refuted', 'entered-in-error'].includes(String(verificationStatus)),
  weighty: new Set(['criticality', 'reactions', 'severity', 'verificationStatus']),
  merge: {
    classOf: (field) => (harmless.has(field) ? 'server-wins' : 'people'),
    columnsOf: (field) => Object.keys(columnsOf(fields, field)),
  },
};

export const allergies: Entity = {
  name: 'allergies',
  write: 'allergy:write',
  fields,
  required: ['patientId', 'substance', 'category'],
  defaults: {
    type: 'allergy',
    criticality: 'unable-to-assess',
    reactions: [],
    verificationStatus: 'unconfirmed',
    clinicalStatus: 'active',
  },
  authored: true,
  looksAt: 'patient',
  versioned: true,
  event: ({ id, patientId, version }) => ({ type: 'allergy.changed', payload: { id, patientId, version } }),
  refusals: { allergy_check: { code: 'invalid', text: 'code and codeSystem belong together.' } },
  reduce: (op, view) => reduceListed(op, view, list),
};
