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

/** Beyond so many that nobody decided about, a hospital's are not kept. */
const mostOpen = 10_000;

export interface LetterRoom {
  readonly hasRoom: boolean;
}

/** The submission's readings among those that are refused; none of what is stored as a whole or not at all. */
export const deadLettersOf = (
  { rows, content }: Submission,
  poison: ReadonlyMap<ResolvedReading, string>,
): DeadLetter[] =>
  (content.whole ? [] : rows).flatMap((row) => {
    const reason = poison.get(row);
    return reason === undefined ? [] : [{ gatewayId: content.gatewayId, reading: row.reading, reason }];
  });

/** Says whether there is room for more of the hospital's, as {@link LetterRoom}. */
export const selectLetterRoom = ({ schema }: Hospital): string =>
  `select count(*) < ${mostOpen} as "hasRoom" from ${schema}.telemetry_dead_letter where state = 'open'`;

/** A statement that keeps them for somebody to decide, however many there are; none when there are none. */
export const insertDeadLetters = (hospital: Hospital, letters: readonly DeadLetter[]): string[] =>
  letters.length === 0 ? [] : [`${insertFrom(hospital, letters)} on conflict do nothing`];

/** Keeps them, or none of them when there is no room, and says which, as {@link LetterRoom}. */
export const keepWhileRoom = (hospital: Hospital, letters: readonly DeadLetter[]): string =>
  `with room as materialized (${selectLetterRoom(hospital)}),
        kept as (${insertFrom(hospital, letters)} where (select "hasRoom" from room) on conflict do nothing)
   select "hasRoom" from room`;

function insertFrom({ schema }: Hospital, letters: readonly DeadLetter[]): string {
  const rows = letters.map((letter) => `('${letter.gatewayId}'::uuid, ${text(letter.reason)}, ${contentOf(letter)})`);
  return `insert into ${schema}.telemetry_dead_letter (gateway_id, reason, device, recorded_at, reading, stated, message, waveforms)
            select * from (values ${rows.join(', ')}) letter`;
}

function contentOf(letter: DeadLetter): string {
  if ('message' in letter) {
    const message = text(storable(letter.message));
    return `${text(letter.device)}, ${timestamp(letter.at)}, '{}'::jsonb, null::jsonb, ${message}, null::jsonb`;
  }
  const { device, recordedAt, patient, waveforms } = letter.reading;
  const stated = patient ? text(jsonOfStated(patient)) : 'null';
  const beside = waveforms ? text(JSON.stringify(waveforms)) : 'null';
  return `${text(device)}, ${timestamp(recordedAt)}, ${text(json(letter.reading))}::jsonb, ${stated}::jsonb, null::text, ${beside}::jsonb`;
}

/** What is a row of vitals, by column, as `jsonb_populate_record` reads it. */
function json({ values, flags, clockOffsetMs }: Reading): string {
  const measured = fields.flatMap(({ column, kind }, i): [string, VitalValue][] => {
    const value = values[i] ?? NaN;
    if (Number.isNaN(value)) return [];
    if (kind === 'boolean') return [[column, value !== 0]];
    return [[column, kind === 'acvpu' ? (acvpuLevels[value] ?? 'A') : value]];
  });
  return JSON.stringify({ flags, clock_offset_ms: clockOffsetMs, ...Object.fromEntries(measured) });
}
