import {
  acvpuLevels,
  maxClockAheadMs,
  maxReadingAgeMs,
  patientNamedFlag,
  readingFlag,
  type RejectCode,
  type RejectedReading,
} from '@hms/contracts';
import { field, fieldIndexByKey, fields, noValues } from '../fields.js';
import { reject, type Reading, refusedOf, type StatedPatient } from '../reading.js';
import type { Waveform } from '../waveform.js';
import type { GatewayClock } from './clock.js';
import { parseTime } from './time.js';
import { readWaveforms } from './waveform.js';

/** Where a key of a reading goes: the index of a vital sign, or one of these. */
export const slot = { device: -1, time: -2, temperatureUnit: -3, waveform: -4 } as const;
const slotByKey = new Map([
  ...fieldIndexByKey,
  ['d', slot.device] as const,
  ['t', slot.time] as const,
  ['tu', slot.temperatureUnit] as const,
  ['w', slot.waveform] as const,
]);
export const slotOf = (key: string): number | undefined => slotByKey.get(key);

export interface DraftDefaults {
  readonly receivedMs: number;
  readonly clock: GatewayClock;
  readonly device: unknown;
}

const acvpuCode = new Map<unknown, number>(acvpuLevels.map((level, code) => [level, code]));
const deviceName = /^[A-Za-z0-9._:-]{1,64}$/;
const hundredths = (value: number): number => Math.round(value * 100) / 100;

/** What is stored of a vital sign's value, or why it cannot be one. A temperature's range waits for its unit. */
export function readValue(at: number, value: unknown): number | RejectCode {
  const sign = fields[at];
  if (sign?.kind === 'acvpu') return acvpuCode.get(value) ?? 'malformed';
  if (sign?.kind === 'boolean') return typeof value === 'boolean' ? Number(value) : 'malformed';
  if (typeof value !== 'number') return 'not_a_number';
  if (sign?.kind !== 'integer') return value;
  return inRange(at, value) ? Math.round(value) : 'out_of_range';
}

/** One reading while its keys come in, in any order; `finish` says whether it is plausible. */
export class Draft {
  readonly #values = noValues();
  #device: unknown;
  #time: unknown;
  #temperatureUnit: unknown;
  #measured = false;
  #waveforms: readonly Waveform[] | undefined;

  constructor(
    readonly index: number,
    private readonly defaults: DraftDefaults,
    private readonly patient?: StatedPatient,
  ) {
    this.#device = defaults.device;
  }

  /** Null means not measured. */
  put(at: number, value: unknown): RejectCode | undefined {
    if (value === null) return undefined;
    if (at >= 0) return this.#measure(at, value);
    if (at === slot.device) this.#device = value;
    else if (at === slot.time) this.#time = value;
    else if (at === slot.waveform) return this.#draw(value);
    else this.#temperatureUnit = value;
    return undefined;
  }

  #measure(at: number, value: unknown): RejectCode | undefined {
    const measured = readValue(at, value);
    if (typeof measured === 'string') return measured;
    this.#values[at] = measured;
    this.#measured = true;
    return undefined;
  }

  #draw(value: unknown): RejectCode | undefined {
    const read = readWaveforms(value);
    if (typeof read === 'string') return read;
    const drawn = this.#waveforms ?? [];
    // As in the database: what is there already stays as it is.
    this.#waveforms = [...drawn, ...read.filter(({ lead }) => drawn.every((each) => each.lead !== lead))];
    return undefined;
  }

  /** The reading is refused, whatever else it says. */
  refuse(code: RejectCode, name?: string): RejectedReading {
    return refusedOf(this.#device, reject(this.index, code, name));
  }

  finish(): Reading | RejectedReading {
    const result = this.#check();
    return 'code' in result ? refusedOf(this.#device, result) : result;
  }

  #check(): Reading | RejectedReading {
    const { index, defaults } = this;
    const { clock } = defaults;
    const device = this.#device;
    if (typeof device !== 'string' || !deviceName.test(device)) return reject(index, 'malformed', 'd');
    const recordedAt = this.#recordedAt();
    if (typeof recordedAt === 'string') return reject(index, recordedAt, 't');
    const waveforms = this.#waveforms;
    if (!this.#measured && !waveforms) return reject(index, 'empty');
    const wrong = this.#convertTemperature() ?? contradiction(this.#values);
    if (wrong) return reject(index, wrong.code, wrong.field);
    const values = this.#values;
    const flags = clock.flags | flagsOf(values) | (this.patient ? patientNamedFlag : 0);
    return {
      index,
      device,
      recordedAt,
      values,
      flags,
      clockOffsetMs: clock.offsetMs,
      patient: this.patient,
      waveforms,
    };
  }

  #recordedAt(): number | RejectCode {
    const { clock, receivedMs } = this.defaults;
    const stated = parseTime(this.#time);
    if (typeof stated === 'string') return stated;
    const recordedAt = stated + clock.correctionMs * 1_000;
    if (recordedAt > (receivedMs + maxClockAheadMs) * 1_000) return 'future_timestamp';
    return recordedAt < (receivedMs - maxReadingAgeMs) * 1_000 ? 'too_old' : recordedAt;
  }

  #convertTemperature(): Wrong | undefined {
    const unit = this.#temperatureUnit ?? 'Cel';
    if (unit !== 'Cel' && unit !== '[degF]') return { code: 'malformed', field: 'tu' };
    const stated = this.#values[field.temperature] ?? NaN;
    if (Number.isNaN(stated)) return undefined;
    const celsius = unit === 'Cel' ? stated : hundredths(((stated - 32) * 5) / 9);
    if (!inRange(field.temperature, celsius)) return { code: 'out_of_range', field: 'temp' };
    this.#values[field.temperature] = celsius;
    return undefined;
  }
}

interface Wrong {
  readonly code: RejectCode;
  readonly field: string;
}

function inRange(at: number, value: number): boolean {
  const sign = fields[at];
  return value >= (sign?.min ?? -Infinity) && value <= (sign?.max ?? Infinity);
}

/** Comparisons with what was not measured are false, so only what both sides have can contradict. */
function contradiction(values: readonly number[]): Wrong | undefined {
  const at = (index: number): number => values[index] ?? NaN;
  if (at(field.systolic) <= at(field.diastolic)) return { code: 'inconsistent', field: 'dia' };
  if (at(field.arterialSystolic) <= at(field.arterialDiastolic)) return { code: 'inconsistent', field: 'adia' };
  return undefined;
}

function flagsOf(values: readonly number[]): number {
  const at = (index: number): number => values[index] ?? NaN;
  const temperature = at(field.temperature);
  return (
    (at(field.heartRate) === 0 && at(field.spo2) > 0 ? readingFlag.heartRateZero : 0) |
    (Math.abs(at(field.heartRate) - at(field.pulseRate)) > 30 ? readingFlag.pulseDeficit : 0) |
    (at(field.spo2) < 50 ? readingFlag.spo2Low : 0) |
    (temperature < 30 || temperature > 43 ? readingFlag.temperatureExtreme : 0)
  );
}
