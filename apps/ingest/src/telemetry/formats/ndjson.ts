import { commonError, type RejectedReading } from '@hms/contracts';
import { reject, type Reading } from '../reading.js';
import type { TelemetryBatch } from '../telemetry-batch.js';
import type { DraftDefaults } from './draft.js';
import { assertSize, digestWithoutSentAt, readEnvelope, toBatch, type Received } from './envelope.js';
import { isObject, type JsonObject } from './json-object.js';
import { readObject } from './json-reading.js';

const headerMembers = new Set(['batch', 'sent_at', 'device']);

/**
 * Reads one reading per line. The first line may instead say `batch`, `sent_at` and `device` of all of them. A line that
 * is not JSON is refused like a reading that is not plausible, except for the last: then the body was cut off.
 *
 * @throws AppError when it is not a batch at all
 */
export function decodeNdjson(text: string, received: Received): TelemetryBatch {
  const lines = text.split('\n').filter((line) => line.trim() !== '');
  assertWhole(lines.at(-1));
  const header = headerOf(lines[0]);
  const envelope = readEnvelope(received, header?.['batch'], header?.['sent_at']);
  const readings = header ? lines.slice(1) : lines;
  assertSize(readings.length);
  const defaults = { receivedMs: received.at, clock: envelope.clock, device: header?.['device'] };
  const results = readings.map((line, i) => readLine(i, line, defaults));
  return toBatch(envelope, results, () => digestWithoutSentAt(text));
}

function readLine(index: number, line: string, defaults: DraftDefaults): Reading | RejectedReading {
  const reading = parse(line);
  return reading === undefined ? reject(index, 'malformed') : readObject(index, reading, defaults);
}

function assertWhole(last: string | undefined): void {
  if (last !== undefined && parse(last) === undefined)
    throw commonError('request.malformed', { detail: 'The last line is not JSON: the body seems to be cut off.' });
}

function headerOf(first: string | undefined): JsonObject | undefined {
  const value = first === undefined ? undefined : parse(first);
  const isHeader = isObject(value) && Object.keys(value).every((name) => headerMembers.has(name));
  return isHeader ? value : undefined;
}

/** Undefined for what is not JSON. */
function parse(line: string): unknown {
  try {
    return JSON.parse(line) as unknown;
  } catch {
    return undefined;
  }
}
