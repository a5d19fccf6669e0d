import type { RejectCode } from '@hms/contracts';

const rfc3339 = /^(\d{4}-\d\d-\d\d)[Tt ]([01]\d|2[0-3])(:[0-5]\d:[0-5]\d)(?:\.(\d{1,9}))?([Zz]|[+-]\d\d:?\d\d)?$/;

/** Microseconds since 1970 of epoch milliseconds or RFC 3339, or what is wrong with it. */
export function parseMicros(stated: unknown): number | RejectCode {
  if (stated === undefined || stated === null || stated === '') return 'missing_time';
  if (typeof stated === 'number') return Number.isFinite(stated) ? Math.round(stated * 1_000) : 'malformed';
  return typeof stated === 'string' ? parseText(stated) : 'malformed';
}

function parseText(text: string): number | RejectCode {
  const [, day = '', hour = '', rest = '', fraction = '', zone] = rfc3339.exec(text) ?? [];
  if (day === '') return 'malformed';
  if (zone === undefined) return 'missing_zone';
  const midnight = new Date(`${day}T00:00:00Z`);
  // Date takes the 30th of February for the 2nd of March.
  if (Number.isNaN(midnight.getTime()) || !midnight.toISOString().startsWith(day)) return 'malformed';
  const seconds = Date.parse(`${day}T${hour}${rest}${zone.toUpperCase()}`);
  return Number.isNaN(seconds) ? 'malformed' : seconds * 1_000 + Number(fraction.padEnd(6, '0').slice(0, 6));
}

/** As PostgreSQL reads it, to the microsecond. */
export function microsText(micros: number): string {
  const millis = Math.floor(micros / 1_000);
  return `${new Date(millis).toISOString().slice(0, -1)}${String(micros - millis * 1_000).padStart(3, '0')}Z`;
}
