import type { RejectCode } from '@hms/contracts';
import { parseTime } from '../time.js';

const form = /^(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(?:(\d\d)(\.\d{1,4})?)?([+-]\d{4})?$/;

/** The zone a message's own time states, which is that of its other times too (HL7 v2, chapter 2, TS). */
export const zoneOf = (time: string): string => form.exec(time)?.[8] ?? '';

/**
 * Milliseconds since 1970 of an HL7 time, at least to the minute.
 * @param zone of a time that states none; empty when nobody knows
 */
export function parseHl7Time(time: string, zone: string): number | RejectCode {
  if (time === '') return 'missing_time';
  const [, year, month, day, hour, minute, second = '00', fraction = '', own = zone] = form.exec(time) ?? [];
  if (minute === undefined) return 'malformed';
  const offset = own === '' ? '' : `${own.slice(0, 3)}:${own.slice(3)}`;
  const at = parseTime(
    `${year ?? ''}-${month ?? ''}-${day ?? ''}T${hour ?? ''}:${minute}:${second}${fraction}${offset}`,
  );
  return typeof at === 'number' ? at / 1_000 : at;
}
