import type { RejectCode, RejectedReading } from '@hms/contracts';
import type { Assignment, Device } from '../devices/device-map.js';
import type { Waveform } from './waveform.js';

/** One plausible measurement of one device at one time. */
export interface Reading {
  /** Its place in the batch. */
  readonly index: number;
  readonly device: string;
  /** Microseconds since 1970, after correction of the clock. */
  readonly recordedAt: number;
  /** One number per entry of `fields`, NaN when not measured; booleans and ACVPU as `vitalToNumber` has them. */
  readonly values: number[];
  /** Bits of `readingFlag`. */
  readonly flags: number;
  /** How far the gateway's clock was behind ours, when it told. */
  readonly clockOffsetMs: number | undefined;
  /** Whose it is, where the sender says so. */
  readonly patient?: StatedPatient | undefined;
  /** Each of another lead. */
  readonly waveforms?: readonly Waveform[] | undefined;
}

/** Whether it is more than waveforms. */
export const hasVitals = ({ waveforms, values }: Reading): boolean =>
  waveforms === undefined || values.some((value) => !Number.isNaN(value));

/** Who a sender says the patient is. It is compared with who wore the device, and never followed. */
export interface StatedPatient {
  /** As HMS identifies patients. */
  readonly ids: readonly string[];
  /** Medical record numbers. */
  readonly mrns: readonly string[];
}

/** A reading and where it goes: to the patient who wore the device then, or to nobody yet. */
export interface ResolvedReading {
  readonly reading: Reading;
  readonly device: Device;
  readonly assignment: Assignment | undefined;
}

/** Beside the refusals, because those go to the client as they are. */
const devices = new WeakMap<RejectedReading, string>();

/** Remembers which device a refused reading names, as far as it was read. */
export function refusedOf(device: unknown, refused: RejectedReading): RejectedReading {
  if (typeof device === 'string') devices.set(refused, device);
  return refused;
}

export const refusedDevice = (refused: RejectedReading): string | undefined => devices.get(refused);

export const reject = (i: number, code: RejectCode, field?: string): RejectedReading =>
  field === undefined ? { i, code } : { i, code, field };
