import {
  commonError,
  maxReadingsPerBatch,
  type RejectCode,
  type RejectedReading,
  telemetryError,
} from '@hms/contracts';
import { reject, type Reading } from '../../reading.js';
import type { TelemetryBatch } from '../../telemetry-batch.js';
import { Draft, type DraftDefaults, readValue, slot, slotOf } from '../draft.js';
import { digestOf, readEnvelope, toBatch, type Received } from '../envelope.js';
import { nameable } from '../json-reading.js';
import { parseLines, type BrokenLine, type Line } from './parse-line.js';
import { type Precision, toMicros } from './precision.js';

/** The measurement whose lines are readings. */
export const measurement = 'vitals';

/** Values of one line, each checked: a line is taken whole or not at all. */
type LineValues = readonly (readonly [slot: number, value: unknown])[];

interface Wrong {
  readonly code: RejectCode;
  readonly field?: string | undefined;
}

/**
 * Reads lines `vitals,device=mon-12 hr=72i,spo2=97i 1767225600000000000`. The device is the tag `device`, or else
 * `host`; lines of one device and time are one reading. A line without time was taken when it arrived. `index` of a
 * reading is that of its first line, from 0.
 *
 * @throws AppError when there is no line, and 413 for more readings than a batch may have, so that clients split it
 */
export function decodeLineProtocol(text: string, received: Received, precision: Precision): TelemetryBatch {
  const envelope = readEnvelope(received, undefined, undefined);
  const defaults = { receivedMs: received.at, clock: envelope.clock, device: undefined };
  const readings = new Readings(defaults, precision);
  for (const line of parseLines(text)) readings.add(line);
  if (readings.size === 0) throw telemetryError('telemetry.empty');
  return { ...toBatch(envelope, readings.finish(), () => digestOf(text)), untimed: readings.untimed };
}

class Readings {
  readonly #drafts = new Map<string, Draft>();
  readonly #rejected: RejectedReading[] = [];
  /** Whether a time is that of arrival. */
  untimed = false;

  constructor(
    private readonly defaults: DraftDefaults,
    private readonly precision: Precision,
  ) {}

  get size(): number {
    return this.#drafts.size + this.#rejected.length;
  }

  add(line: Line | BrokenLine): void {
    const index = line.number - 1;
    const values = 'broken' in line ? malformed : valuesOf(line);
    if ('code' in values) this.#rejected.push(reject(index, values.code, values.field));
    else if (!('broken' in line)) this.#put(index, line, values);
    if (this.size > maxReadingsPerBatch) {
      throw commonError('body.too-large', { detail: `A batch has at most ${maxReadingsPerBatch} readings.` });
    }
  }

  *finish(): Generator<Reading | RejectedReading> {
    yield* this.#rejected;
    for (const draft of this.#drafts.values()) yield draft.finish();
  }

  #put(index: number, { tags, timestamp }: Line, values: LineValues): void {
    this.untimed ||= timestamp === undefined;
    const device = tags.get('device') ?? tags.get('host');
    const name = `${timestamp ?? ''} ${device ?? ''}`;
    const draft = this.#drafts.get(name) ?? new Draft(index, this.defaults);
    this.#drafts.set(name, draft);
    const { receivedMs } = this.defaults;
    draft.put(slot.device, device);
    draft.put(slot.time, timestamp === undefined ? receivedMs : toMicros(timestamp, this.precision) / 1_000);
    for (const [at, value] of values) draft.put(at, value);
  }
}

const malformed: Wrong = { code: 'malformed' };

function valuesOf({ measurement: name, tags, fields }: Line): LineValues | Wrong {
  if (name !== measurement) return { code: 'unknown_field', field: nameable(name) };
  const values: [number, unknown][] = [];
  const unit = tags.get('tu');
  if (unit !== undefined) values.push([slot.temperatureUnit, unit]);
  for (const [key, value] of fields) {
    const at = slotOf(key);
    if (at === undefined || at === slot.device || at === slot.time)
      return { code: 'unknown_field', field: nameable(key) };
    const read = at < 0 ? undefined : readValue(at, value);
    if (typeof read === 'string') return { code: read, field: nameable(key) };
    values.push([at, value]);
  }
  return values;
}
