import { acvpuLevels, vitalSigns } from '@hms/contracts';
import { readValue } from '../draft.js';
import type { Wrong } from '../merged-readings.js';
import { toStoredUnit } from '../units.js';
import type { Segment } from './message.js';

/** Data types of OBX-5 that hold a number; some senders have all they say in texts. */
const numeric: ReadonlySet<string> = new Set(['NM', 'SN', 'ST', 'TX']);
const coded: ReadonlySet<string> = new Set(['ST', 'TX', 'IS', 'ID', 'CE', 'CWE', 'CNE']);
/** HL7 table 0136 and LOINC's answers, in capital letters. */
const flags: ReadonlyMap<string, boolean> = new Map([
  ...['Y', 'YES', 'TRUE', 'LA33-6'].map((yes) => [yes, true] as const),
  ...['N', 'NO', 'FALSE', 'LA32-8'].map((no) => [no, false] as const),
]);
const levels: ReadonlyMap<string, string> = new Map(acvpuLevels.map((level) => [level, level]));

/** What OBX-5 says of a vital sign, as a reading has it, or why it cannot be taken. @param at index of the vital sign */
export function readObx(segment: Segment, at: number): { readonly value: unknown } | Pick<Wrong, 'code'> {
  const kind = vitalSigns[at]?.kind;
  const type = segment.get(2);
  if (kind === 'acvpu') return coded.has(type) ? among(levels, segment) : { code: 'unsupported' };
  if (kind === 'boolean') return coded.has(type) ? among(flags, segment) : { code: 'unsupported' };
  if (!numeric.has(type)) return { code: 'unsupported' };
  const stated = numberOf(segment, type);
  if (stated === undefined) return { code: 'not_a_number' };
  const unit = segment.get(6);
  const value = unit === '' ? stated : toStoredUnit(at, stated, unit);
  if (value === undefined) return { code: 'malformed' };
  const read = readValue(at, value);
  return typeof read === 'string' ? { code: read } : { value };
}

/** By its code, or by its text. */
function among<T>(known: ReadonlyMap<string, T>, segment: Segment): { readonly value: T } | Pick<Wrong, 'code'> {
  const [value] = [1, 2].flatMap((component) => known.get(segment.get(5, component).trim().toUpperCase()) ?? []);
  return value === undefined ? { code: 'malformed' } : { value };
}

const decimal = /^[+-]?(?:\d+(?:\.\d*)?|\.\d+)$/;

/** A number, or a structured one that is exactly it: `^97`, `=^97`. */
function numberOf(segment: Segment, type: string): number | undefined {
  const structured = type === 'SN';
  if (structured && !['', '='].includes(segment.get(5))) return undefined;
  if (structured && segment.get(5, 3) !== '') return undefined;
  const text = segment.get(5, structured ? 2 : 1).trim();
  return decimal.test(text) ? Number(text) : undefined;
}
