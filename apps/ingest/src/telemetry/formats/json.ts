import { createHash } from 'node:crypto';
import {
  commonError,
  type FieldProblem,
  maxReadingsPerBatch,
  type RejectedReading,
  telemetryError,
} from '@hms/contracts';
import { reject, type Reading } from '../reading.js';
import type { TelemetryBatch } from '../telemetry-batch.js';
import { gatewayClock, type GatewayClock } from './clock.js';
import { Draft, type DraftDefaults, slotOf } from './draft.js';
import { parseTime } from './time.js';

type JsonObject = Readonly<Record<string, unknown>>;

const members = new Set(['batch', 'sent_at', 'device', 'cols', 'rows', 'readings']);
const batchKey = /^[\x21-\x7e]{1,64}$/;
const printable = /^[\w.-]{1,40}$/;

export interface Received {
  /** Milliseconds since 1970. */
  readonly at: number;
  /** The `Idempotency-Key` header, or empty. */
  readonly idempotencyKey: string;
}

/**
 * Reads either JSON form of a batch, `cols` with `rows` or `readings`. Each reading ends up in exactly one of the two
 * lists, whatever it looks like.
 *
 * @throws AppError when it is not a batch at all
 */
export function decodeJson(text: string, received: Received): TelemetryBatch {
  const body = parse(text);
  assertShape(body);
  const key = batchKeyOf(body, received.idempotencyKey);
  const clock = clockOf(body['sent_at'], received.at);
  const readings: Reading[] = [];
  const rejected: RejectedReading[] = [];
  const read = readerOf(body, { receivedMs: received.at, clock, device: body['device'] });
  for (let i = 0; i < read.count; i++) {
    const result = read.at(i);
    if ('code' in result) rejected.push(result);
    else readings.push(result);
  }
  return {
    key,
    digest: () => digestOf(text),
    correctionMs: clock.correctionMs,
    clockOffsetMs: clock.offsetMs,
    readings,
    rejected,
  };
}

function parse(text: string): JsonObject {
  let body: unknown;
  try {
    body = JSON.parse(text);
  } catch (cause) {
    throw commonError('request.malformed', { detail: 'The body is not JSON.', cause });
  }
  if (!isObject(body)) throw commonError('request.invalid', { detail: 'The body must be a JSON object.' });
  return body;
}

function assertShape(body: JsonObject): void {
  const errors: FieldProblem[] = [];
  const complain = (field: string, code: string, message: string): void => void errors.push({ field, code, message });
  for (const name of Object.keys(body)) {
    if (!members.has(name)) complain(printable.test(name) ? name : '', 'unknown', 'is not a member of a batch');
  }
  if ('rows' in body === 'readings' in body) complain('', 'form', 'must have either cols and rows, or readings');
  if ('rows' in body && !Array.isArray(body['rows'])) complain('rows', 'type', 'must be an array of arrays');
  if ('rows' in body && !isColumns(body['cols'])) complain('cols', 'type', 'must name each column once');
  if ('readings' in body && !Array.isArray(body['readings']))
    complain('readings', 'type', 'must be an array of objects');
  if (errors.length > 0) throw commonError('request.invalid', { errors });
}

function isColumns(cols: unknown): cols is readonly string[] {
  return (
    Array.isArray(cols) &&
    cols.every((name) => typeof name === 'string') &&
    new Set(cols.map(slotOrName)).size === cols.length
  );
}

const slotOrName = (name: string): number | string => slotOf(name) ?? name;

const isObject = (value: unknown): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

function batchKeyOf(body: JsonObject, header: string): string | undefined {
  const stated = body['batch'] ?? (header === '' ? undefined : header);
  if (stated === undefined) return undefined;
  if (typeof stated === 'string' && batchKey.test(stated)) return stated;
  const errors = [{ field: 'batch', code: 'form', message: 'must be 1 to 64 printable characters without spaces' }];
  throw commonError('request.invalid', { errors });
}

function clockOf(sentAt: unknown, receivedMs: number): GatewayClock {
  if (sentAt === undefined || sentAt === null) return gatewayClock(receivedMs, undefined);
  const sent = parseTime(sentAt);
  if (typeof sent === 'number') return gatewayClock(receivedMs, sent / 1_000);
  const errors = [{ field: 'sent_at', code: sent, message: 'must be epoch milliseconds or RFC 3339 with a zone' }];
  throw sent === 'missing_zone'
    ? telemetryError('telemetry.missing-zone', { errors })
    : commonError('request.invalid', { errors });
}

/** Without `sent_at`: a gateway that sends a batch again says so at another time. */
function digestOf(text: string): Buffer {
  const content = text.replace(/"sent_at"\s*:\s*(?:"[^"]*"|[^,}\s]+)/, '');
  return createHash('sha256').update(content).digest();
}

interface Reader {
  readonly count: number;
  readonly at: (index: number) => Reading | RejectedReading;
}

function readerOf(body: JsonObject, defaults: DraftDefaults): Reader {
  const { rows, readings, cols } = body;
  const items: readonly unknown[] = Array.isArray(rows) ? rows : Array.isArray(readings) ? readings : [];
  if (items.length > maxReadingsPerBatch) {
    throw telemetryError('telemetry.too-many-readings', {
      detail: `A batch has at most ${maxReadingsPerBatch} readings.`,
    });
  }
  if (items.length === 0) throw telemetryError('telemetry.empty');
  const columns = isColumns(cols) ? cols.map((name) => ({ name, slot: slotOf(name) })) : [];
  return {
    count: items.length,
    at: (i) => (rows ? readRow(i, items[i], columns, defaults) : readObject(i, items[i], defaults)),
  };
}

interface Column {
  readonly name: string;
  readonly slot: number | undefined;
}

function readRow(
  i: number,
  row: unknown,
  columns: readonly Column[],
  defaults: DraftDefaults,
): Reading | RejectedReading {
  if (!Array.isArray(row) || row.length !== columns.length) return reject(i, 'malformed');
  const draft = new Draft(i, defaults);
  for (let c = 0; c < columns.length; c++) {
    const column = columns[c];
    const wrong = column?.slot === undefined ? 'unknown_field' : draft.put(column.slot, row[c]);
    if (wrong) return reject(i, wrong, column && nameable(column.name));
  }
  return draft.finish();
}

function readObject(i: number, reading: unknown, defaults: DraftDefaults): Reading | RejectedReading {
  if (!isObject(reading)) return reject(i, 'malformed');
  const draft = new Draft(i, defaults);
  for (const name in reading) {
    const slot = slotOf(name);
    const wrong = slot === undefined ? 'unknown_field' : draft.put(slot, reading[name]);
    if (wrong) return reject(i, wrong, nameable(name));
  }
  return draft.finish();
}

/** Names go back to the client and into the ledger; what is no name stays out. */
const nameable = (name: string): string | undefined => (printable.test(name) ? name : undefined);
