import type { TelemetryBatch } from '../../telemetry-batch.js';
import { readValue, slot, slotOf } from '../draft.js';
import { assertSize, digestOf, readEnvelope, toBatch, type Received } from '../envelope.js';
import { nameable } from '../json-reading.js';
import { type EntryValues, MergedReadings, type Wrong } from '../merged-readings.js';
import { parseLines, type Line } from './parse-line.js';
import { type Precision, toMicros } from './precision.js';

/** The measurement whose lines are readings. */
const vitals = 'vitals';

/**
 * Reads lines `vitals,device=mon-12 hr=72i,spo2=97i 1767225600000000000`. The device is the tag `device`, or else
 * `host`; lines of one device and time are one reading. A line without time was taken when it arrived. `index` of a
 * reading is that of its first line, from 0.
 *
 * @throws AppError when there is no line, and 413 for more readings than a batch may have
 */
export function decodeLineProtocol(text: string, received: Received, precision: Precision): TelemetryBatch {
  const envelope = readEnvelope(received, undefined, undefined);
  const merged = new MergedReadings({ receivedMs: received.at, clock: envelope.clock, device: undefined });
  for (const line of parseLines(text)) {
    const index = line.number - 1;
    const values = 'broken' in line ? malformed : valuesOf(line);
    if ('code' in values) merged.refuse(index, values, 'broken' in line ? undefined : deviceOf(line));
    else if (!('broken' in line)) merged.add({ index, values, device: deviceOf(line), at: timeOf(line, precision) });
  }
  const results = merged.finish();
  assertSize(results.length);
  return { ...toBatch(envelope, results, () => digestOf(text)), untimed: merged.untimed };
}

const malformed: Wrong = { code: 'malformed' };

const deviceOf = ({ tags }: Line): string | undefined => tags.get('device') ?? tags.get('host');

const timeOf = ({ timestamp }: Line, precision: Precision): number | undefined =>
  timestamp === undefined ? undefined : toMicros(timestamp, precision) / 1_000;

function valuesOf({ measurement, tags, fields }: Line): EntryValues | Wrong {
  if (measurement !== vitals) return { code: 'unknown_field', field: nameable(measurement) };
  const values: [number, unknown][] = [];
  const unit = tags.get('tu');
  if (unit !== undefined) values.push([slot.temperatureUnit, unit]);
  for (const [key, value] of fields) {
    const at = slotOf(key);
    if (at === undefined || (at < 0 && at !== slot.temperatureUnit))
      return { code: 'unknown_field', field: nameable(key) };
    const read = at < 0 ? undefined : readValue(at, value);
    if (typeof read === 'string') return { code: read, field: nameable(key) };
    values.push([at, value]);
  }
  return values;
}
