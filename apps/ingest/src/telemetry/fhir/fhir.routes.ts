import { createHash } from 'node:crypto';
import type { RejectedReading } from '@hms/contracts';
import type { Caller } from '../../gateways/caller.js';
import { endpoint, type Endpoint } from '../../http/endpoint.js';
import type { Reply, RequestHead } from '../../http/route.js';
import { type Arrival, bodyReading, largeBundleBytes } from '../decoding/body-reading.js';
import { bundleType } from '../formats/decode.js';
import type { FhirBundle } from '../formats/fhir/bundle.js';
import { bundleResponse, type EntryAnswer, operationOutcome } from '../formats/fhir/response.js';
import type { TelemetryBatch } from '../telemetry-batch.js';
import type { TelemetryRouteParts } from '../telemetry.routes.js';
import { NothingAccepted } from '../telemetry.service.js';

const contentType = `${bundleType}; charset=utf-8`;
/** Refusals of a batch are listed up to this number, and each entry is to be told of its own. */
const readingsPerPart = 100;
/** Of a key, which has at most 64 characters, with the number of a part. */
const longestStem = 56;

type FhirParts = Pick<TelemetryRouteParts, 'authenticate' | 'gate' | 'receive' | 'decodeApart' | 'metrics' | 'now'>;

/**
 * Bundles of FHIR Observations, apart from `/fhir`, which is the API's. Each entry is answered 201 once it is committed, or why
 * not; a `transaction` is stored as a whole or refused (400 with an OperationOutcome).
 */
export const fhirRoutes = (parts: FhirParts): Endpoint[] => [
  endpoint<Caller, Arrival<'bundle'>>({
    method: 'POST',
    path: '/telemetry/fhir',
    access: {
      by: 'gateway-key',
      authenticate: ({ authorization, address }: RequestHead) => parts.authenticate(authorization, address),
    },
    accepts: [bundleType],
    deadlineMs: 15_000,
    gate: parts.gate,
    ...bodyReading(parts, { maxBytes: 8 * 1024 * 1024, large: largeBundleBytes }, () => ({ format: 'bundle' })),
    handle: (caller, { batch: bundle, at }) =>
      bundle.type === 'transaction' ? storeWhole(parts, caller, bundle, at) : storeEach(parts, caller, bundle, at),
  }),
];

async function storeWhole(parts: FhirParts, caller: Caller, bundle: FhirBundle, at: number): Promise<Reply> {
  try {
    if (bundle.readings.length + bundle.rejected.length > 0) {
      await parts.receive(caller, { ...bundle, whole: true }, at);
    }
    return answered(bundle, []);
  } catch (err) {
    if (!(err instanceof NothingAccepted)) throw err;
    return { status: 400, contentType, body: operationOutcome(err.receipt.rejected) };
  }
}

async function storeEach(parts: FhirParts, caller: Caller, bundle: FhirBundle, at: number): Promise<Reply> {
  const refused = await Promise.all(partsOf(bundle).map((part) => storePart(parts, caller, part, at)));
  const counts = { accepted: 0, duplicates: 0, unassigned: 0, rejected: [], rejectedTotal: bundle.rejected.length };
  parts.metrics.answered(counts);
  return answered(bundle, refused.flat());
}

/** What of it was refused. */
async function storePart(
  parts: FhirParts,
  caller: Caller,
  part: TelemetryBatch,
  at: number,
): Promise<readonly RejectedReading[]> {
  try {
    return (await parts.receive(caller, part, at)).receipt.rejected;
  } catch (err) {
    if (err instanceof NothingAccepted) return err.receipt.rejected;
    throw err;
  }
}

/** Its readings in batches of their own; sent again, the same Bundle makes the same ones. */
function partsOf(bundle: FhirBundle): TelemetryBatch[] {
  const { key, digest, readings } = bundle;
  const count = Math.ceil(readings.length / readingsPerPart);
  const stem = key && (key.length <= longestStem ? key : createHash('sha256').update(key).digest('base64url'));
  return Array.from({ length: count }, (_, n) => ({
    ...bundle,
    key: stem && `${stem}:${n}`,
    digest: () => createHash('sha256').update(digest()).update(String(n)).digest(),
    readings: readings.slice(n * readingsPerPart, (n + 1) * readingsPerPart),
    rejected: [],
  }));
}

function answered({ type, fates }: FhirBundle, rejected: readonly RejectedReading[]): Reply {
  const refused = new Map(rejected.map((each) => [each.i, each]));
  const answers = fates.map((fate, i): EntryAnswer => {
    if ('gap' in fate) return 'gap';
    const why = 'refused' in fate ? fate.refused : fate.readings.flatMap((each) => refused.get(each) ?? [])[0];
    return why && { ...why, i };
  });
  return { status: 200, contentType, body: bundleResponse(type, answers) };
}
