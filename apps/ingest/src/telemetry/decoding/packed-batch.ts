import type { RejectedReading } from '@hms/contracts';
import { fields, noValues } from '../fields.js';
import { type Reading, refusedDevice, refusedOf, type StatedPatient } from '../reading.js';
import type { TelemetryBatch } from '../telemetry-batch.js';
import type { Waveform } from '../waveform.js';

/**
 * A batch on its way between threads. What is copied there costs the receiver for each object, so that readings travel as
 * rows of numbers, and what many of them share travels once.
 */
export interface PackedBatch {
  readonly rest: Omit<TelemetryBatch, 'digest' | 'readings' | 'rejected'>;
  readonly digest: Uint8Array;
  /** Rows of {@link width}: what `place` names, then the values. */
  readonly numbers: Float64Array<ArrayBuffer>;
  readonly devices: readonly string[];
  readonly patients: readonly StatedPatient[];
  /** One for each reading; empty when none has any. */
  readonly waveforms: readonly (readonly Waveform[] | undefined)[];
  readonly rejected: readonly RejectedReading[];
  readonly rejectedDevices: readonly (string | undefined)[];
}

const place = { index: 0, device: 1, recordedAt: 2, flags: 3, clockOffsetMs: 4, patient: 5 } as const;
const valuesFrom = Object.keys(place).length;
const width = valuesFrom + fields.length;

export function packBatch({ readings, rejected, digest, ...rest }: TelemetryBatch): PackedBatch {
  const numbers = new Float64Array(readings.length * width);
  const devices = new Numbered<string>((device) => device);
  const patients = new Numbered<StatedPatient>((patient) => JSON.stringify(patient));
  for (const [n, { index, device, recordedAt, flags, clockOffsetMs = NaN, patient, values }] of readings.entries()) {
    numbers.set(
      [index, devices.of(device), recordedAt, flags, clockOffsetMs, patient ? patients.of(patient) : NaN, ...values],
      n * width,
    );
  }
  return {
    ...{ rest, digest: digest(), numbers, devices: devices.all, patients: patients.all },
    waveforms: readings.some(({ waveforms }) => waveforms) ? readings.map(({ waveforms }) => waveforms) : [],
    rejected,
    rejectedDevices: rejected.map(refusedDevice),
  };
}

/** The batch that was packed, after any copies; its digest is computed already. */
export function unpackBatch(packed: PackedBatch): TelemetryBatch {
  const { rest, rejected, rejectedDevices } = packed;
  const digest = Buffer.from(packed.digest);
  for (const [i, refused] of rejected.entries()) refusedOf(rejectedDevices[i], refused);
  return { ...rest, digest: () => digest, readings: readingsOf(packed), rejected };
}

function readingsOf({ numbers, devices, patients, waveforms }: PackedBatch): Reading[] {
  const readings: Reading[] = [];
  for (let row = 0; row < numbers.length; row += width) {
    const at = (column: number): number => numbers[row + column] ?? NaN;
    const values = noValues();
    for (let i = 0; i < values.length; i++) values[i] = at(valuesFrom + i);
    const offset = at(place.clockOffsetMs);
    readings.push({
      index: at(place.index),
      device: devices[at(place.device)] ?? '',
      recordedAt: at(place.recordedAt),
      values,
      flags: at(place.flags),
      clockOffsetMs: Number.isNaN(offset) ? undefined : offset,
      patient: patients[at(place.patient)],
      waveforms: waveforms[readings.length],
    });
  }
  return readings;
}

/** Numbers equal things alike, in the order in which they come. */
class Numbered<T> {
  readonly all: T[] = [];
  readonly #numbers = new Map<string, number>();

  constructor(private readonly nameOf: (thing: T) => string) {}

  of(thing: T): number {
    const name = this.nameOf(thing);
    let number = this.#numbers.get(name);
    if (number === undefined) this.#numbers.set(name, (number = this.all.push(thing) - 1));
    return number;
  }
}
