import { telemetryError } from '@hms/contracts';
import type { Caller } from '../gateways/caller.js';
import { decompress } from '../http/body.js';
import { endpoint, type Endpoint } from '../http/endpoint.js';
import { mediaType } from '../http/exchange.js';
import type { RequestHead } from '../http/route.js';
import { type Arrival, bodyReading, largeBundleBytes } from './decoding/body-reading.js';
import type { BatchFormat } from './decoding/decoding-job.js';
import { bodyTypes, bundleType, lineTypes } from './formats/decode.js';
import { type Message, readMessage, senderOf } from './hl7/hl7-receiver.js';
import { hl7Types } from './hl7/hl7.routes.js';
import type { TelemetryBatch } from './telemetry-batch.js';
import type { TelemetryRouteParts } from './telemetry.routes.js';

const maxBytes = 4 * 1024 * 1024;

/** How bodies of every format would be read, for whoever connects a sender. Nothing is stored. */
export function explainRoutes(parts: TelemetryRouteParts): Endpoint[] {
  const { gate, now } = parts;
  const sizes = { maxBytes, large: largeBundleBytes };
  const { decode, apart } = bodyReading<BatchFormat>(parts, sizes, (head) => ({ format: formatOf(head) }));
  return [
    endpoint<Caller, Arrival<BatchFormat> | Message>({
      ...{ method: 'POST', path: '/telemetry/explain', maxBytes, deadlineMs: 15_000, gate },
      access: {
        by: 'gateway-key',
        authenticate: ({ authorization, address }: RequestHead) => parts.authenticate(authorization, address),
      },
      accepts: [...bodyTypes, ...lineTypes, bundleType, ...hl7Types],
      decode: (body, head) => (isHl7(head) ? readMessage(body, now(), head.idempotencyKey) : decode(body, head)),
      ...(apart && {
        apart: {
          above: apart.above,
          decode: (caller, body, head) =>
            isHl7(head)
              ? Promise.resolve(
                  readMessage(decompress(body, head.contentEncoding, maxBytes), now(), head.idempotencyKey),
                )
              : apart.decode(caller, body, head),
        },
      }),
      handle: async (caller, read) => {
        const batch = 'batch' in read ? read.batch : await batchOf(parts, caller, read);
        return { status: 200, body: await parts.explain(caller, batch, read.at) };
      },
    }),
  ];
}

/** As it would be received over HTTP. */
async function batchOf(
  { hl7Sources }: Pick<TelemetryRouteParts, 'hl7Sources'>,
  { gatewayId }: Caller,
  { header, read }: Message,
): Promise<TelemetryBatch> {
  if (!read) throw telemetryError('telemetry.unsupported', { detail: 'Only ORU^R01 is taken.' });
  return read(await hl7Sources.zoneOf(gatewayId, senderOf(header)));
}

const isHl7 = ({ contentType }: RequestHead): boolean => hl7Types.includes(mediaType(contentType));

function formatOf({ contentType }: RequestHead): BatchFormat {
  const type = mediaType(contentType);
  if (type === bundleType) return 'bundle';
  return bodyTypes.includes(type) ? 'body' : 'lines';
}
