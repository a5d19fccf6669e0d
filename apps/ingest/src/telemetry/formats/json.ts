import { commonError, type FieldProblem, type RejectedReading } from '@hms/contracts';
import { reject, type Reading } from '../reading.js';
import type { TelemetryBatch } from '../telemetry-batch.js';
import { Draft, type DraftDefaults, slotOf } from './draft.js';
import { assertSize, digestWithoutSentAt, readEnvelope, toBatch, type Received } from './envelope.js';
import { isObject, type JsonObject } from './json-object.js';
import { nameable, readObject } from './json-reading.js';

const members = new Set(['batch', 'sent_at', 'device', 'cols', 'rows', 'readings']);

/**
 * Reads either JSON form of a batch, `cols` with `rows` or `readings`, or a single reading of the known device. Each reading ends up in exactly one of the two
 * lists, whatever it looks like.
 *
 * @throws AppError when it is not a batch at all
 */
export function decodeJson(text: string, received: Received): TelemetryBatch {
  const body = batchOf(parse(text), received.device);
  assertShape(body);
  const envelope = readEnvelope(received, body['batch'], body['sent_at']);
  const device = body['device'] ?? received.device;
  const read = readerOf(body, { receivedMs: received.at, clock: envelope.clock, device });
  return toBatch(
    envelope,
    Array.from({ length: read.count }, (_, i) => read.at(i)),
    () => digestWithoutSentAt(text),
  );
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

/** Of a device that is known already, a reading alone will do. */
const batchOf = (body: JsonObject, device: string | undefined): JsonObject =>
  device === undefined || 'rows' in body || 'readings' in body ? body : { readings: [body] };

function assertShape(body: JsonObject): void {
  const errors: FieldProblem[] = [];
  const complain = (field: string, code: string, message: string): void => void errors.push({ field, code, message });
  for (const name of Object.keys(body)) {
    if (!members.has(name)) complain(nameable(name) ?? '', 'unknown', 'is not a member of a batch');
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

interface Reader {
  readonly count: number;
  readonly at: (index: number) => Reading | RejectedReading;
}

function readerOf(body: JsonObject, defaults: DraftDefaults): Reader {
  const { rows, readings, cols } = body;
  const items: readonly unknown[] = Array.isArray(rows) ? rows : Array.isArray(readings) ? readings : [];
  assertSize(items.length);
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
    if (wrong) return draft.refuse(wrong, column && nameable(column.name));
  }
  return draft.finish();
}
