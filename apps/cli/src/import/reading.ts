import {
  acvpuLevels,
  maxClockAheadMs,
  readingFlag,
  type RejectCode,
  vitalSigns,
  type VitalCode,
  type VitalSign,
  type VitalValue,
} from '@hms/contracts';
import { parseMicros } from './time.js';

/** Plausible values of one time, as those that devices send. */
export interface Measured {
  /** Microseconds since 1970. */
  readonly micros: number;
  /** One entry per vital sign, null when not measured. */
  readonly values: readonly (VitalValue | null)[];
  /** Bits of `readingFlag`. */
  readonly flags: number;
}

/** A reading of a file. */
export interface ImportReading extends Measured {
  readonly line: number;
  readonly device: string;
}

/** Why nothing of a record is stored. */
export interface Wrong {
  readonly code: RejectCode | 'unknown_patient';
  readonly field?: string;
}

export interface Rejected extends Wrong {
  readonly line: number;
}

/** What a column or member of a file is: a vital sign by its place, or one of these. */
export type Target = number | 'device' | 'time' | 'temperatureUnit';
export type Cell = readonly [target: Target, value: unknown];

const signs: readonly VitalSign[] = vitalSigns;
const deviceName = /^[A-Za-z0-9._:-]{1,64}$/;
const acvpu: ReadonlySet<unknown> = new Set(acvpuLevels);

const targets: ReadonlyMap<string, Target> = new Map<string, Target>([
  ...signs.flatMap((sign, i) => [sign.wire, sign.code, sign.column].map((key) => [key.toLowerCase(), i] as const)),
  ...['d', 'device', 'device_id'].map((key) => [key, 'device'] as const),
  ...['t', 'time', 'timestamp', 'recorded_at'].map((key) => [key, 'time'] as const),
  ['tu', 'temperatureUnit'],
]);

/** By any name a vital sign has, in any case. */
export const targetOf = (name: string): Target | undefined => targets.get(name.trim().toLowerCase());

/** A name of it, as devices send it. */
export const keyOf = (target: Target): string => (typeof target === 'number' ? (signs[target]?.wire ?? '') : target);

const place = (code: VitalCode): number => signs.findIndex((sign) => sign.code === code);
const at = {
  heartRate: place('heartRate'),
  pulseRate: place('pulseRate'),
  spo2: place('spo2'),
  temperature: place('temperature'),
};
const pressures = [
  { high: place('systolic'), low: place('diastolic'), field: 'dia' },
  { high: place('arterialSystolic'), low: place('arterialDiastolic'), field: 'adia' },
];

/** When a reading may have been recorded, milliseconds since 1970. */
export interface Window {
  readonly from: number;
  readonly now: number;
}

/** Checks what a record of the file says. Null is not measured. */
export function toReading(line: number, cells: readonly Cell[], window: Window): ImportReading | Rejected {
  const device = cells.findLast(([target, value]) => target === 'device' && value !== null)?.[1];
  if (typeof device !== 'string' || !deviceName.test(device)) return { line, code: 'malformed', field: 'd' };
  const measured = toMeasured(cells, window);
  return 'code' in measured ? { line, ...measured } : { line, device, ...measured };
}

/** Checks when it was measured and what, whoever by. */
export function toMeasured(cells: readonly Cell[], window: Window): Measured | Wrong {
  const stated = new Map(cells.filter(([, value]) => value !== null));
  const micros = timeOf(stated.get('time'), window);
  if (typeof micros === 'string') return { code: micros, field: 't' };
  const values: (VitalValue | null)[] = [];
  for (const [i, sign] of signs.entries()) {
    const raw = i === at.temperature ? inCelsius(stated.get(i), stated.get('temperatureUnit')) : stated.get(i);
    const value = raw === undefined ? null : valueOf(sign, raw);
    if (isCode(value)) return { code: value, field: sign.wire };
    values.push(value);
  }
  if (values.every((value) => value === null)) return { code: 'empty' };
  const numbers = values.map((value) => (typeof value === 'number' ? value : NaN));
  const wrong = pressures.find(({ high, low }) => (numbers[high] ?? NaN) <= (numbers[low] ?? NaN));
  if (wrong) return { code: 'inconsistent', field: wrong.field };
  return { micros, values, flags: flagsOf(numbers) };
}

function timeOf(stated: unknown, { from, now }: Window): number | RejectCode {
  const micros = parseMicros(stated);
  if (typeof micros === 'string') return micros;
  if (micros > (now + maxClockAheadMs) * 1_000) return 'future_timestamp';
  return micros < from * 1_000 ? 'too_old' : micros;
}

function valueOf({ kind, min = -Infinity, max = Infinity }: VitalSign, raw: unknown): VitalValue | RejectCode {
  if (kind === 'acvpu') return acvpuLevels.find((level) => level === raw) ?? 'malformed';
  if (kind === 'boolean') return typeof raw === 'boolean' ? raw : 'malformed';
  if (typeof raw !== 'number' || Number.isNaN(raw)) return 'not_a_number';
  if (raw < min || raw > max) return 'out_of_range';
  return kind === 'integer' ? Math.round(raw) : raw;
}

const isCode = (value: VitalValue | RejectCode | null): value is RejectCode =>
  typeof value === 'string' && !acvpu.has(value);

function inCelsius(raw: unknown, unit: unknown): unknown {
  if (unit === undefined || unit === 'Cel' || raw === undefined) return raw;
  return unit === '[degF]' && typeof raw === 'number' ? Math.round(((raw - 32) * 500) / 9) / 100 : 'malformed';
}

/** Comparisons with what was not measured are false. */
function flagsOf(numbers: readonly number[]): number {
  const of = (index: number): number => numbers[index] ?? NaN;
  const flags = [
    of(at.heartRate) === 0 && of(at.spo2) > 0 ? readingFlag.heartRateZero : 0,
    Math.abs(of(at.heartRate) - of(at.pulseRate)) > 30 ? readingFlag.pulseDeficit : 0,
    of(at.spo2) < 50 ? readingFlag.spo2Low : 0,
    of(at.temperature) < 30 || of(at.temperature) > 43 ? readingFlag.temperatureExtreme : 0,
  ];
  return flags.reduce((all, flag) => all | flag, 0);
}
