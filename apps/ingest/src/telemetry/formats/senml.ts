import { commonError } from '@hms/contracts';
import type { TelemetryBatch } from '../telemetry-batch.js';
import { readValue, slotOf } from './draft.js';
import { assertSize, digestOf, readEnvelope, toBatch, type Received } from './envelope.js';
import { isObject, type JsonObject } from './json-object.js';
import { nameable } from './json-reading.js';
import { MergedReadings, type Wrong } from './merged-readings.js';
import { toStoredUnit } from './units.js';

/** Smaller times are relative to now (RFC 8428 §4.5.3). */
const absoluteFrom = 2 ** 28;
const latestVersion = 10;
/** Of a name: that of a device and a vital sign, and then some. A base name counts for every record behind it. */
const longestName = 256;

/** The base fields that count for a record, from those before it and its own. */
interface Base {
  readonly name: string;
  readonly time: number;
  readonly unit: string;
  readonly value: number;
}

const startOf = (device: string | undefined): Base => ({
  name: device === undefined ? '' : `${device}:`,
  time: 0,
  unit: '',
  value: 0,
});

/**
 * Reads a SenML pack (RFC 8428). What follows the last `:` or `/` of a resolved name says which vital sign it is, what
 * precedes it is the device; records of one device and time are one reading. Sums and data values are no vital signs.
 *
 * @throws AppError when it is no pack, or one that has to be refused whole: a `bver` we do not know, a field that ends in
 * `_`
 */
export function decodeSenml(text: string, received: Received): TelemetryBatch {
  const records = parse(text);
  const envelope = readEnvelope(received, undefined, undefined);
  const merged = new MergedReadings({ receivedMs: received.at, clock: envelope.clock, device: undefined });
  let base = startOf(received.device);
  let untimed = false;
  for (const [index, record] of records.entries()) {
    base = baseOf(record, base);
    if (!measures(record)) continue;
    const value = valueOf(record, base);
    if ('code' in value) {
      merged.refuse(index, value);
      continue;
    }
    const seconds = base.time + (numberOf(record['t']) ?? 0);
    const relative = seconds < absoluteFrom;
    untimed ||= relative;
    const at = (relative ? received.at : 0) + seconds * 1_000;
    merged.add({ index, at, device: value.device, values: [[value.at, value.value]] });
  }
  const results = merged.finish();
  assertSize(results.length);
  return { ...toBatch(envelope, results, () => digestOf(text)), untimed };
}

function parse(text: string): readonly JsonObject[] {
  let pack: unknown;
  try {
    pack = JSON.parse(text);
  } catch (cause) {
    throw commonError('request.malformed', { detail: 'The body is not JSON.', cause });
  }
  if (!Array.isArray(pack) || !pack.every(isObject)) throw invalid('', 'must be an array of records');
  for (const record of pack) assertUnderstood(record);
  return pack;
}

function assertUnderstood(record: JsonObject): void {
  const unknown = Object.keys(record).find((name) => name.endsWith('_'));
  if (unknown !== undefined) throw invalid(nameable(unknown) ?? '', 'must be understood, and is not');
  const version = record['bver'];
  if (version !== undefined && (typeof version !== 'number' || version > latestVersion))
    throw invalid('bver', `must be at most ${latestVersion}`);
  for (const name of ['bt', 't', 'bv', 'v'])
    if (record[name] !== undefined && typeof record[name] !== 'number') throw invalid(name, 'must be a number');
  for (const name of ['bn', 'n', 'bu', 'u'])
    if (record[name] !== undefined && typeof record[name] !== 'string') throw invalid(name, 'must be a string');
}

const invalid = (field: string, message: string): Error =>
  commonError('request.invalid', { errors: [{ field, code: 'senml', message }] });

const baseOf = (record: JsonObject, before: Base): Base => ({
  name: textOf(record['bn']) ?? before.name,
  time: numberOf(record['bt']) ?? before.time,
  unit: textOf(record['bu']) ?? before.unit,
  value: numberOf(record['bv']) ?? before.value,
});

const textOf = (value: unknown): string | undefined => (typeof value === 'string' ? value : undefined);
const numberOf = (value: unknown): number | undefined => (typeof value === 'number' ? value : undefined);

/** A record may say nothing but what counts for those behind it. */
const measures = (record: JsonObject): boolean => ['v', 'vb', 'vs', 'vd', 's', 'n'].some((name) => name in record);

interface Measured {
  readonly at: number;
  readonly device: string;
  readonly value: unknown;
}

function valueOf(record: JsonObject, base: Base): Measured | Wrong {
  const name = base.name + (textOf(record['n']) ?? '');
  if (name.length > longestName) return { code: 'malformed', field: 'n' };
  const { device, sign } = partsOf(name);
  const field = nameable(sign);
  const at = slotOf(sign);
  if (at === undefined || at < 0) return { code: 'unknown_field', field };
  const value = inStoredUnit(at, record, base);
  if (value === undefined) return { code: 'malformed', field };
  const read = readValue(at, value);
  if (typeof read === 'string') return { code: read, field };
  return { at, device, value };
}

const isSeparator = (character: string | undefined): boolean => character === ':' || character === '/';

/** What precedes the last `:` or `/`, or several of them, and what follows. */
function partsOf(name: string): { device: string; sign: string } {
  const last = Math.max(name.lastIndexOf(':'), name.lastIndexOf('/'));
  if (last < 0) return { device: name, sign: '' };
  let end = last;
  while (isSeparator(name[end - 1])) end -= 1;
  return { device: name.slice(0, end), sign: name.slice(last + 1) };
}

/** Undefined without a value, and for a unit it does not come in. A number without a unit is in the one it is stored in. */
function inStoredUnit(at: number, record: JsonObject, base: Base): unknown {
  const number = numberOf(record['v']);
  if (number === undefined) return record['vb'] ?? record['vs'];
  const unit = textOf(record['u']) ?? base.unit;
  const value = number + base.value;
  return unit === '' ? value : toStoredUnit(at, value, unit);
}
