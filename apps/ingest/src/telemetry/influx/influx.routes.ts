import { type TelemetryReceipt, telemetryError } from '@hms/contracts';
import type { Caller } from '../../gateways/caller.js';
import { endpoint, type Endpoint } from '../../http/endpoint.js';
import { anybody, openGate, type Reply, type RequestHead } from '../../http/route.js';
import { type Arrival, bodyReading } from '../decoding/body-reading.js';
import { linePrecisions, lineTypes } from '../formats/decode.js';
import type { Precision } from '../formats/line-protocol/precision.js';
import type { Answer } from '../submission.js';
import type { TelemetryRouteParts } from '../telemetry.routes.js';
import { NothingAccepted } from '../telemetry.service.js';
import { influxAuthorization } from './influx-credential.js';

/** Clients learn from it which API they talk to. */
const version: NonNullable<Reply['headers']> = [['X-Influxdb-Version', '2.7-compat']];
const maxBytes = 5 * 1024 * 1024;

/**
 * The write API of InfluxDB, versions 1 and 2, for agents that speak it: Telegraf, the client libraries, the `influx`
 * command. Success is 204. When lines are refused the others are stored, and 400 tells of the first that was not:
 * clients then drop the batch, which is right.
 */
export function influxRoutes(parts: TelemetryRouteParts): Endpoint[] {
  const access = {
    by: 'gateway-key',
    authenticate: (head: RequestHead) => parts.authenticate(influxAuthorization(head), head.address),
  } as const;
  /** @param hospitalIn where the query says whose data it means to write */
  const write = (path: string, hospitalIn: 'org' | 'db', precisions: readonly Precision[]): Endpoint =>
    endpoint<Caller, Arrival<'lines'>>({
      method: 'POST',
      path,
      access,
      accepts: lineTypes,
      deadlineMs: 15_000,
      gate: parts.gate,
      ...bodyReading(parts, { maxBytes }, () => ({ format: 'lines', precisions })),
      handle: async (caller, { batch, at, head }) => {
        const hospital = new URLSearchParams(head.query).get(hospitalIn) ?? '';
        if (hospital !== '' && hospital !== caller.hospital.slug) {
          throw telemetryError('telemetry.other-hospital', {
            detail: `${hospitalIn} is not the hospital of this key.`,
          });
        }
        return replyTo(await receiptOf(parts.receive(caller, batch, at)));
      },
    });
  /** Old tools make their database first; here it is there. */
  const query = (method: 'GET' | 'POST'): Endpoint =>
    endpoint<Caller, undefined>({
      method,
      path: '/query',
      access,
      accepts: method === 'POST' ? lineTypes : [],
      maxBytes: 64 * 1024,
      deadlineMs: 5_000,
      gate: openGate,
      decode: () => undefined,
      handle: () => ({ status: 200, body: { results: [{ statement_id: 0 }] }, headers: version }),
    });
  return [
    write('/api/v2/write', 'org', ['ns', 'us', 'ms', 's']),
    write('/write', 'db', linePrecisions),
    query('GET'),
    query('POST'),
    sign('/ping', { status: 204, body: '', headers: version }),
    sign('/health', {
      status: 200,
      body: { name: 'influxdb', status: 'pass', message: 'ready for writes', checks: [], version: '2.7-compat' },
      headers: version,
    }),
  ];
}

const sign = (path: string, reply: Reply): Endpoint =>
  endpoint({
    method: 'GET',
    path,
    access: anybody('clients of InfluxDB ask whom they talk to before they send a credential'),
    accepts: [],
    maxBytes: 0,
    deadlineMs: 5_000,
    gate: openGate,
    decode: () => undefined,
    handle: () => reply,
  });

/** A batch of which nothing was accepted is to these clients one more with broken lines. */
async function receiptOf(receiving: Promise<Answer>): Promise<TelemetryReceipt> {
  try {
    return (await receiving).receipt;
  } catch (err) {
    if (err instanceof NothingAccepted) return err.receipt;
    throw err;
  }
}

/** InfluxDB's own words for lines it does not take: Telegraf and others show them to their operator. */
function replyTo({ rejected: [first], rejectedTotal }: TelemetryReceipt): Reply {
  if (!first) return { status: 204, body: '', headers: version };
  const line = first.i + 1;
  const what = first.field === undefined ? first.code : `${first.code} ${first.field}`;
  const message = `partial write: line ${line}: ${what} dropped=${rejectedTotal}`;
  return { status: 400, body: { code: 'invalid', message, line }, headers: version };
}
