import type { Assignment } from '../devices/device-map.js';
import { absent } from '../telemetry/fields.js';
import type { ResolvedReading } from '../telemetry/reading.js';
import { doubtOf } from './limits.js';

/** A value beyond a limit of its patient. */
export interface Breach {
  readonly row: ResolvedReading;
  readonly assignment: Assignment;
  readonly limitId: string;
  readonly side: 'low' | 'high' | 'doubtful';
  readonly value: number;
}

/** Adds what of the reading is beyond a limit. @param since readings recorded before are late, and no alarm */
export function findBreaches(row: ResolvedReading, since: number, into: Breach[]): void {
  const { assignment, reading } = row;
  if (!assignment || reading.recordedAt < since) return;
  const { fields, lows, highs, ids } = assignment.limits;
  const { values, flags } = reading;
  for (let i = 0; i < fields.length; i++) {
    const field = fields[i] ?? 0;
    const value = values[field] ?? absent;
    const isLow = value < (lows[i] ?? -Infinity);
    if (!isLow && !(value > (highs[i] ?? Infinity))) continue;
    const isDoubtful = (flags & (doubtOf.get(field) ?? 0)) !== 0;
    const side = isDoubtful ? 'doubtful' : isLow ? 'low' : 'high';
    into.push({ row, assignment, limitId: ids[i] ?? '', side, value });
  }
}

interface Entry {
  readonly breach: Breach;
  first: number;
  last: number;
}

/**
 * The expression that notes breaches in the hospital's schema and says how many alarms that raised. It belongs behind
 * the statements that store their readings, in the same transaction.
 */
export function noteBreaches(schema: string, breaches: readonly Breach[]): string {
  const entries = fold(breaches);
  const list = (of: (entry: Entry) => string | number, type: string): string =>
    `'{${entries.map(of).join(',')}}'::${type}[]`;
  const arrays = [
    list(({ breach }) => breach.assignment.patientId, 'uuid'),
    list(({ breach }) => breach.assignment.wardId, 'uuid'),
    list(({ breach: { side, row } }) => (side === 'doubtful' ? row.device.no : 'null'), 'int'),
    list(({ breach }) => breach.limitId, 'uuid'),
    list(({ breach }) => breach.side, 'text'),
    list(({ first }) => first, 'bigint'),
    list(({ last }) => last, 'bigint'),
    list(({ breach }) => breach.value, 'real'),
  ];
  return `${schema}.note_breaches(${arrays.join(', ')})`;
}

/** One entry for each condition, with its first and last time. */
function fold(breaches: readonly Breach[]): Entry[] {
  const entries = new Map<string, Entry>();
  for (const breach of breaches) {
    const { assignment, limitId, side, row } = breach;
    const at = row.reading.recordedAt;
    const key = `${assignment.patientId} ${limitId} ${side} ${side === 'doubtful' ? row.device.no : ''}`;
    const entry = entries.get(key);
    if (!entry) {
      entries.set(key, { breach, first: at, last: at });
    } else {
      entry.first = Math.min(entry.first, at);
      entry.last = Math.max(entry.last, at);
    }
  }
  return [...entries.values()];
}
