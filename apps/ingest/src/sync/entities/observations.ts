import {
  acvpuLevels,
  chartedSigns,
  chartedToNumber,
  refusalOfCharted,
  respiratoryEffortLevels,
  type ChartedCode,
  type ChartedValue,
} from '@hms/contracts';
import { z } from 'zod';
import { deviceTime } from './device-time.js';
import { type Entity, type Field, rejected } from './entity.js';
import { instant, line, plain, rfc3339 } from './fields.js';

const codes = chartedSigns.map(({ code }) => code) as [ChartedCode, ...ChartedCode[]];
const ofKind = (kind: string): string =>
  chartedSigns.flatMap((sign) => (sign.kind === kind ? [`'${sign.code}'`] : [])).join(', ') || `''`;
const levels = (names: readonly string[]): string =>
  `(array[${names.map((n) => `'${n}'`).join(', ')}])[r.value::int + 1]`;

const fields: Record<string, Field> = {
  patientId: plain('patient_id', z.uuid().toLowerCase(), { once: true }),
  code: plain('code', z.enum(codes), { once: true }),
  value: {
    ...plain('value', z.union([z.number(), z.string().max(20), z.boolean()]), { once: true }),
    sql: `case when r.code in (${ofKind('acvpu')}) then to_jsonb(${levels(acvpuLevels)})
               when r.code in (${ofKind('respiratory-effort')}) then to_jsonb(${levels(respiratoryEffortLevels)})
               when r.code in (${ofKind('boolean')}) then to_jsonb(r.value <> 0)
               else to_jsonb(round(r.value::numeric, 1)) end`,
  },
  recordedAt: instant('recorded_at', rfc3339, { once: true }),
  clockSuspect: plain('clock_suspect'),
  method: { sql: 'r.method' },
  recordedBy: plain('recorded_by'),
  status: plain('status'),
  voidReason: plain('void_reason'),
  voidedBy: plain('voided_by'),
  voidedAt: instant('voided_at'),
};

/** What was charted at the bedside: added to, never rewritten; an error is called one, with a reason. */
export const observations: Entity = {
  name: 'observations',
  write: 'observation:chart',
  fields,
  required: ['patientId', 'code', 'value'],
  defaults: { status: 'final' },
  authored: false,
  versioned: false,
  event: ({ id, patientId }, kind) => ({
    type: kind === 'create' ? 'observation.charted' : 'observation.voided',
    payload: { id, patientId },
  }),
  refusals: {},
  reduce: (op, { row, userId, now }) => {
    if (op.kind === 'create') {
      const { code, value } = op.patch as unknown as { readonly code: ChartedCode; readonly value: ChartedValue };
      const problem = refusalOfCharted(code, value);
      if (problem !== undefined)
        return rejected('invalid', `${code} ${problem}.`, [{ field: 'value', message: problem }]);
      const when = deviceTime(op.patch?.['recordedAt'] ?? op.at, op.off, now);
      return {
        status: 'applied',
        fields: { ...op.patch, value: chartedToNumber(code, value), ...when, recordedBy: userId },
      };
    }
    if (op.kind !== 'command' || op.cmd?.name !== 'observation.void') {
      return rejected('bad_transition', 'What was charted is not changed: call it an error and chart it anew.');
    }
    if (!row) return rejected('not_found', 'There is no such observation.');
    if (row.fields['status'] === 'entered-in-error') return { status: 'applied', unchanged: true };
    const reason = line(500).min(3).safeParse(op.cmd.args['reason']);
    if (!reason.success) return rejected('invalid', 'reason must say why, in 3 to 500 characters.');
    const voidedAt = new Date(now).toISOString();
    return {
      status: 'applied',
      fields: { status: 'entered-in-error', voidReason: reason.data, voidedBy: userId, voidedAt },
    };
  },
};
