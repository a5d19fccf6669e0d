import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { afterEach, describe, expect, it } from '@jest/globals';
import { commonError } from '@hms/contracts';
import { createLogger } from '@hms/service-kit';
import { toFrame } from './mllp-frames.js';
import { MllpServer } from './mllp-server.js';

const refuse = (): never => {
  throw commonError('auth.unauthenticated');
};
const parts = {
  authenticate: refuse,
  receive: refuse,
  hl7Sources: { callerOf: refuse, zoneOf: refuse },
  gate: { enter: () => undefined, leave: () => undefined },
  metrics: { answered: () => undefined, acknowledged: () => undefined, clockOffset: () => undefined },
  now: Date.now,
};
const message = toFrame(String.raw`MSH|^~\&|a|b|||||ORU^R01|m-1|P|2.6` + '\r');

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

describe('an MLLP server', () => {
  let server: MllpServer;
  let port: number;
  const sockets: Socket[] = [];

  const start = async (limits: { connectionsEach: number; frameMs: number }, isProxy = false): Promise<void> => {
    port = await freePort();
    server = new MllpServer(parts, createLogger('test', 'silent'), {
      tls: undefined,
      trustsHop: () => isProxy,
      limits,
    });
    await server.listen('127.0.0.1', port);
  };
  const open = (): Socket => {
    const socket = connect(port, '127.0.0.1').on('error', () => undefined);
    sockets.push(socket);
    return socket;
  };
  const answered = async (socket: Socket): Promise<boolean> => {
    socket.write(message);
    return Promise.race([once(socket, 'data').then(() => true), once(socket, 'close').then(() => false)]);
  };

  afterEach(async () => {
    for (const socket of sockets.splice(0)) socket.destroy();
    await server.drain();
  });

  it('leaves a sender that begins a message and does not end it in time, and no other', async () => {
    await start({ connectionsEach: 64, frameMs: 30 });
    const [steady, slow] = [open(), open()];
    expect(await answered(steady)).toBe(true);
    slow.write(Buffer.concat([message, message.subarray(0, -1)]));
    await once(slow.resume(), 'close');
    expect(await answered(steady)).toBe(true);
  });

  it.each([
    [false, [true, true, false]],
    [true, [true, true, true]],
  ])('has room for so many connections of one address, and of a proxy (%s) for more', async (isProxy, expected) => {
    await start({ connectionsEach: 2, frameMs: 5_000 }, isProxy);
    const seen: boolean[] = [];
    for (let i = 0; i < 3; i += 1) seen.push(await answered(open()));
    expect(seen).toEqual(expected);
  });
});
