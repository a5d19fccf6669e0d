import { createHash } from 'node:crypto';
import { commonError, type RejectedReading } from '@hms/contracts';
import { isObject, type JsonObject, objectAt, References, textAt } from '@hms/fhir';
import { reject, type Reading } from '../../reading.js';
import type { TelemetryBatch } from '../../telemetry-batch.js';
import { assertSize, digestOf, readEnvelope, toBatch, type Received } from '../envelope.js';
import { MergedReadings } from '../merged-readings.js';
import { readObservation } from './observation.js';

export type BundleType = 'batch' | 'transaction' | 'collection';

/** What becomes of one entry: it is part of the readings with those indexes, holds nothing to store, or was refused. */
export type EntryFate =
  { readonly readings: readonly number[] } | { readonly gap: true } | { readonly refused: RejectedReading };

export interface FhirBundle extends TelemetryBatch {
  readonly type: BundleType;
  /** One for each entry, in order. */
  readonly fates: readonly EntryFate[];
}

const types: ReadonlySet<unknown> = new Set<BundleType>(['batch', 'transaction', 'collection']);
const isBundleType = (type: unknown): type is BundleType => types.has(type);

/**
 * Reads the Observations of a Bundle (FHIR R4). Those of one device, time and patient are one reading, whose index is that
 * of the first.
 *
 * @throws AppError when it is no Bundle of a known type, or has no entry or too many
 */
export function decodeBundle(text: string, received: Received): FhirBundle {
  const bundle = parse(text);
  const { type } = bundle;
  if (bundle['resourceType'] !== 'Bundle') throw invalid('resourceType', 'must be Bundle');
  if (!isBundleType(type)) throw invalid('type', 'must be batch, transaction or collection');
  const entries: unknown = bundle['entry'] ?? [];
  if (!Array.isArray(entries) || !entries.every(isObject)) throw invalid('entry', 'must be an array of entries');
  assertSize(entries.length);
  const envelope = readEnvelope(received, keyOf(bundle), undefined);
  const merged = new MergedReadings({ receivedMs: received.at, clock: envelope.clock, device: undefined });
  const references = new References(entries);
  const fates = entries.map((entry, index) => readEntry(index, entry, references, merged));
  const results = merged.finish();
  return { ...toBatch(envelope, results, () => digestOf(text)), type, fates: fates.map(knowing(results)) };
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

const invalid = (field: string, message: string): Error =>
  commonError('request.invalid', { errors: [{ field, code: 'fhir', message }] });

/** An identifier may be longer than a key. */
function keyOf(bundle: JsonObject): string | undefined {
  const identifier = objectAt(bundle, 'identifier');
  const value = textAt(identifier, 'value');
  if (value === undefined) return undefined;
  const whole = `${textAt(identifier, 'system') ?? ''}|${value}`;
  return `fhir:${createHash('sha256').update(whole).digest('base64url')}`;
}

function readEntry(index: number, entry: JsonObject, references: References, merged: MergedReadings): EntryFate {
  const resource = objectAt(entry, 'resource');
  const { method = 'POST' } = objectAt(entry, 'request');
  const refuse = (code: RejectedReading['code'], field?: string): EntryFate => {
    merged.refuse(index, { code, field });
    return { refused: reject(index, code, field) };
  };
  if (method !== 'POST' && method !== 'PUT') return refuse('unsupported', 'request.method');
  if (resource['resourceType'] !== 'Observation') return refuse('unsupported', 'resourceType');
  const observed = readObservation(resource, references);
  if ('code' in observed) return refuse(observed.code, observed.field);
  const { moments, device, patient } = observed;
  if (moments.length === 0) return { gap: true };
  const parts = moments.map((moment) => merged.add({ index, device, patient, ...moment }));
  return { readings: [...new Set(parts)] };
}

/** An entry shares the fate of the readings it is part of. */
const knowing = (results: readonly (Reading | RejectedReading)[]): ((fate: EntryFate) => EntryFate) => {
  const refused = new Map(results.flatMap((result) => ('code' in result ? [[result.i, result] as const] : [])));
  return (fate) => {
    const rejected = 'readings' in fate ? fate.readings.flatMap((i) => refused.get(i) ?? [])[0] : undefined;
    return rejected ? { refused: rejected } : fate;
  };
};
