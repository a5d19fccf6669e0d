import type { RejectCode } from '@hms/contracts';
import { parseTime } from '../time.js';
import type { LocalClock } from './local-clock.js';

const form = /^(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(?:(\d\d)(\.\d{1,4})?)?([+-]\d{4})?$/;

/** The zone a message's own time states, which is that of its other times too (HL7 v2, chapter 2, TS). */
export const zoneOf = (time: string): string => form.exec(time)?.[8] ?? '';

/**
 * Milliseconds since 1970 of an HL7 time, at least to the minute.
 * @param zone of a time that states none; empty when the message does not say
 * @param clock that such a time was read from then, if it is known
 */
export function parseHl7Time(time: string, zone: string, clock?: LocalClock): number | RejectCode {
  if (time === '') return 'missing_time';
  const match = form.exec(time);
  if (!match) return 'malformed';
  const stated = match[8] ?? zone;
  const isLocal = stated === '' && clock !== undefined;
  const at = parseTime(rfc3339Of(match, isLocal ? 'Z' : stated.replace(/^(.{3})/, '$1:')));
  if (typeof at !== 'number') return at;
  return isLocal ? (clock.toUtc(at / 1_000) ?? 'malformed') : at / 1_000;
}

function rfc3339Of(match: RegExpExecArray, zone: string): string {
  const [, year = '', month = '', day = '', hour = '', minute = '', second = '00', fraction = ''] = match;
  return `${year}-${month}-${day}T${hour}:${minute}:${second}${fraction}${zone}`;
}
