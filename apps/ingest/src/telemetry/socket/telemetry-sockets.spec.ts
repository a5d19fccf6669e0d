import { setImmediate as turn } from 'node:timers/promises';
import { describe, expect, it } from '@jest/globals';
import { commonError } from '@hms/contracts';
import { createLogger } from '@hms/service-kit';
import type { Caller } from '../../gateways/caller.js';
import type { Socket } from '../../http/socket-route.js';
import { gatewayId, hospitalWith } from '../../testing/telemetry-fakes.js';
import type { SocketData } from './connection.js';
import { TelemetrySockets } from './telemetry-sockets.js';

const hospital = hospitalWith(2);
const caller: Caller = {
  ...{ keyId: 'k', gatewayId, hospital, hospitalActive: true, isCritical: false, expiresAt: Infinity, epoch: 1 },
};
const message = new TextEncoder().encode('{"readings":[]}').buffer;

/** A socket whose key has to be looked up again with each message, which takes as long as the test likes. */
async function slowSocket(room: number) {
  let held = 0;
  let lookUp = (): void => undefined;
  const lookedUp = new Promise<Caller>((resolve) => (lookUp = () => resolve(caller)));
  let asked = 0;
  const applicants: unknown[] = [];
  const apart: unknown[] = [];
  const sockets = new TelemetrySockets(
    {
      authenticate: () => (asked++ === 0 ? caller : lookedUp),
      gate: {
        enter: (bytes, applicant) => {
          applicants.push(applicant);
          if (held + bytes > room) return commonError('service.busy');
          held += bytes;
          return undefined;
        },
        leave: (bytes) => void (held -= bytes),
      },
      receive: () => Promise.reject(new Error('nothing is stored here')),
      decodeApart: (hospital, { body }) => {
        apart.push([hospital.slug, body.length]);
        return Promise.reject(commonError('request.malformed'));
      },
      metrics: { answered: () => undefined, acknowledged: () => undefined, clockOffset: () => undefined },
      now: Date.now,
    },
    createLogger('test', 'silent'),
  );
  const { admit, behavior } = sockets.route;
  const head = { requestId: 'r', query: '', authorization: 'Bearer k', contentType: '', contentEncoding: '' };
  const data = await admit({ ...head, contentLength: undefined, idempotencyKey: '', prefer: '', address: () => '' });
  const sent: string[] = [];
  const socket = { getUserData: () => data, send: (text: string) => sent.push(text), end: () => undefined };
  const open = socket as unknown as Socket<SocketData>;
  void behavior.open?.(open);
  return {
    ...{ sent, applicants, apart, lookUp, held: () => held, asked: () => asked },
    say: (words = message) => behavior.message?.(open, words, false),
    end: () => sockets.drain(),
  };
}

describe('a message on a socket', () => {
  it('is counted from when it came, while its key is looked up, and not once it is answered', async () => {
    const socket = await slowSocket(Infinity);
    for (let i = 0; i < 3; i++) void socket.say();
    expect(socket.held()).toBe(3 * message.byteLength);
    expect(socket.applicants).toEqual([caller, caller, caller]);
    socket.lookUp();
    await socket.end();
    expect(socket.held()).toBe(0);
    expect(socket.sent).toHaveLength(3);
  });

  it('that is large is decoded apart, and answered in its turn', async () => {
    const socket = await slowSocket(Infinity);
    socket.lookUp();
    void socket.say(new ArrayBuffer(64 * 1024 + 1));
    void socket.say(message);
    await socket.end();
    expect(socket.apart).toEqual([[hospital.slug, 64 * 1024 + 1]]);
    expect(socket.sent.map((text) => (JSON.parse(text) as { code: string }).code)).toEqual([
      'request.malformed',
      'telemetry.empty',
    ]);
  });

  it('is refused without being held when there is no room', async () => {
    const socket = await slowSocket(message.byteLength);
    for (let i = 0; i < 2; i++) void socket.say();
    await turn();
    expect([socket.held(), socket.asked()]).toEqual([message.byteLength, 2]);
    socket.lookUp();
    await socket.end();
    expect(socket.sent.map((text) => (JSON.parse(text) as { code: string }).code)).toEqual([
      'telemetry.empty',
      'service.busy',
    ]);
  });
});
