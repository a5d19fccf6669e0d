import { acvpuLevels, type VitalValue } from '@hms/contracts';
import type { Hospital } from '../../hospitals/hospital.js';
import { fields } from '../fields.js';
import type { Reading, ResolvedReading } from '../reading.js';
import type { Submission } from '../submission.js';
import { text, timestamp } from './statements.js';

/** A reading the database refused. */
export interface DeadLetter {
  readonly gatewayId: string;
  readonly reading: Reading;
  /** SQLSTATE of the refusal. */
  readonly reason: string;
}

/** Beyond so many, whatever became of them, a hospital's are not kept: the sender was told, and the log counts them. */
const mostKept = 10_000;

/** The submission's readings among those that are refused; none of what is stored as a whole or not at all. */
export const deadLettersOf = (
  { rows, content }: Submission,
  poison: ReadonlyMap<ResolvedReading, string>,
): DeadLetter[] =>
  (content.whole ? [] : rows).flatMap((row) => {
    const reason = poison.get(row);
    return reason === undefined ? [] : [{ gatewayId: content.gatewayId, reading: row.reading, reason }];
  });

/** A statement that keeps them for somebody to decide; none when there are none. */
export function insertDeadLetters({ schema }: Hospital, letters: readonly DeadLetter[]): string[] {
  if (letters.length === 0) return [];
  const table = `${schema}.telemetry_dead_letter`;
  const rows = letters.map(({ gatewayId, reading, reason }) => {
    const at = timestamp(reading.recordedAt);
    return `('${gatewayId}'::uuid, ${text(reading.device)}, ${at}, ${text(reason)}, ${text(json(reading))}::jsonb)`;
  });
  return [
    `insert into ${table} (gateway_id, device, recorded_at, reason, reading)
       select * from (values ${rows.join(', ')}) letter
        where (select count(id) from ${table}) < ${mostKept} on conflict do nothing`,
  ];
}

/** By column, as `jsonb_populate_record` reads it. */
function json({ values, flags, clockOffsetMs }: Reading): string {
  const measured = fields.flatMap(({ column, kind }, i): [string, VitalValue][] => {
    const value = values[i] ?? NaN;
    if (Number.isNaN(value)) return [];
    if (kind === 'boolean') return [[column, value !== 0]];
    return [[column, kind === 'acvpu' ? (acvpuLevels[value] ?? 'A') : value]];
  });
  return JSON.stringify({ flags, clock_offset_ms: clockOffsetMs, ...Object.fromEntries(measured) });
}
