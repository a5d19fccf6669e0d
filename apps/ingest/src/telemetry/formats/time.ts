import type { RejectCode } from '@hms/contracts';

const rfc3339 = /^(\d{4})-(\d\d)-(\d\d)[Tt ](\d\d):(\d\d):(\d\d)(?:\.(\d{1,9}))?([Zz]|[+-]\d\d:\d\d)?$/;

/** Reads epoch milliseconds or RFC 3339 into microseconds since 1970, or says what is wrong with it. */
export function parseTime(value: unknown): number | RejectCode {
  if (typeof value === 'number') return Number.isFinite(value) ? Math.round(value * 1_000) : 'malformed';
  if (value === undefined || value === null) return 'missing_time';
  return typeof value === 'string' ? parseText(value) : 'malformed';
}

function parseText(text: string): number | RejectCode {
  const match = rfc3339.exec(text);
  if (!match) return 'malformed';
  const [year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0] = match.slice(1, 7).map(Number);
  const zone = match[8];
  if (zone === undefined) return 'missing_zone';
  // 60 is a leap second; it counts as the first of the next minute.
  if (hour > 23 || minute > 59 || second > 60 || !isDay(year, month, day)) return 'malformed';
  const offset = zoneMinutes(zone);
  if (offset === undefined) return 'malformed';
  const micros = Number((match[7] ?? '').padEnd(6, '0').slice(0, 6));
  return Date.UTC(year, month - 1, day, hour, minute - offset, second) * 1_000 + micros;
}

/** Minutes ahead of UTC. */
function zoneMinutes(zone: string): number | undefined {
  if (zone === 'Z' || zone === 'z') return 0;
  const hours = Number(zone.slice(1, 3));
  const minutes = Number(zone.slice(4, 6));
  if (hours > 23 || minutes > 59) return undefined;
  return (zone.startsWith('-') ? -1 : 1) * (hours * 60 + minutes);
}

function isDay(year: number, month: number, day: number): boolean {
  const date = new Date(Date.UTC(year, month - 1, day));
  return year >= 100 && date.getUTCMonth() === month - 1 && date.getUTCDate() === day;
}
