import { commonError, type RejectedReading } from '@hms/contracts';
import { reject, type Reading } from '../reading.js';
import type { TelemetryBatch } from '../telemetry-batch.js';
import type { DraftDefaults } from './draft.js';
import { assertSize, digestOf, readEnvelope, toBatch, type Received } from './envelope.js';
import { isObject } from './json-object.js';
import { readObject } from './json-reading.js';

/**
 * Reads what devices of ThingsBoard publish: `{"ts":…,"values":{…}}`, plain values, or an array of either. Values are named as
 * in a reading; those without `ts` were taken when they arrived, so that each arrival is another reading.
 *
 * @throws AppError when it is none of them
 */
export function decodeThingsboard(text: string, received: Received): TelemetryBatch {
  const items = parse(text);
  assertSize(items.length);
  const envelope = readEnvelope(received, undefined, undefined);
  const defaults = { receivedMs: received.at, clock: envelope.clock, device: received.device };
  const results = items.map((item, index) => readItem(index, item, defaults));
  const untimed = items.some((item) => !isTimed(item));
  return { ...toBatch(envelope, results, () => digestOf(text)), untimed };
}

function parse(text: string): readonly unknown[] {
  try {
    const body: unknown = JSON.parse(text);
    return Array.isArray(body) ? body : [body];
  } catch (cause) {
    throw commonError('request.malformed', { detail: 'The message is not JSON.', cause });
  }
}

const isTimed = (item: unknown): boolean => isObject(item) && item['ts'] !== undefined;

function readItem(index: number, item: unknown, defaults: DraftDefaults): Reading | RejectedReading {
  if (!isObject(item)) return reject(index, 'malformed');
  const { ts = defaults.receivedMs, values, ...plain } = item;
  if (values === undefined)
    return isTimed(item) ? reject(index, 'empty') : readObject(index, { t: ts, ...plain }, defaults);
  return isObject(values) ? readObject(index, { ...values, t: ts }, defaults) : reject(index, 'malformed');
}
