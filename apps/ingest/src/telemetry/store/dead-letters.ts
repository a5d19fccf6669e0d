import { acvpuLevels, type VitalValue } from '@hms/contracts';
import type { Hospital } from '../../hospitals/hospital.js';
import { fields } from '../fields.js';
import type { Reading, ResolvedReading } from '../reading.js';
import type { Submission } from '../submission.js';
import { jsonOfStated } from './stated-patients.js';
import { storable, text, timestamp } from './statements.js';

/** What was refused. */
export type DeadLetter = {
  readonly gatewayId: string;
  /** SQLSTATE of the refusal, or the code it is told by. */
  readonly reason: string;
} & (
  | { readonly reading: Reading }
  /** What could not be read, as it came, microseconds since 1970. */
  | { readonly message: string; readonly device: string; readonly at: number }
);

/** Of a message. */
const mostCharacters = 16_384;

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
  const rows = letters.map((letter) => `('${letter.gatewayId}'::uuid, ${text(letter.reason)}, ${contentOf(letter)})`);
  return [
    `insert into ${table} (gateway_id, reason, device, recorded_at, reading, stated, message)
       select * from (values ${rows.join(', ')}) letter
        where (select count(id) from ${table}) < ${mostKept} on conflict do nothing`,
  ];
}

function contentOf(letter: DeadLetter): string {
  if ('message' in letter) {
    const message = storable(letter.message.slice(0, mostCharacters));
    return `${text(letter.device)}, ${timestamp(letter.at)}, '{}'::jsonb, null::jsonb, ${text(message)}`;
  }
  const { device, recordedAt, patient } = letter.reading;
  const stated = patient ? text(jsonOfStated(patient)) : 'null';
  return `${text(device)}, ${timestamp(recordedAt)}, ${text(json(letter.reading))}::jsonb, ${stated}::jsonb, null::text`;
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
