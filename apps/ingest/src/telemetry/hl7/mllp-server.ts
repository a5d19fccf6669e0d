import { once } from 'node:events';
import { createServer, type Server, type Socket } from 'node:net';
import { createServer as createTlsServer } from 'node:tls';
import { AppError } from '@hms/contracts';
import type { Logger, TrustedHop } from '@hms/service-kit';
import { Room } from '../room.js';
import type { TelemetryRouteParts } from '../telemetry.routes.js';
import {
  maxMessageBytes,
  readMessage,
  receiveMessage,
  refuseMessage,
  refuseUnreadable,
  senderOf,
  type Acknowledged,
  type Message,
} from './hl7-receiver.js';
import { MllpConnection } from './mllp-connection.js';
import { MllpFrames } from './mllp-frames.js';
import { PerAddress } from './per-address.js';

/** Of senders nobody knows yet. */
export const mllpLimits = {
  connections: 2_000,
  /** Of one address that is no proxy's. */
  connectionsEach: 64,
  /** A monitor sends at least once an hour, or connects again. */
  idleMs: 3_600_000,
  frameMs: 15_000,
  /** Bytes of messages that are not answered. Most messages fit into what a connection has for itself. */
  room: { shared: 32 * 1024 * 1024, each: 16 * 1024 },
} as const;

export interface MllpTls {
  /** PEM. */
  readonly cert: Buffer;
  readonly key: Buffer;
}

export interface MllpOptions {
  readonly tls: MllpTls | undefined;
  readonly trustsHop: TrustedHop;
  readonly limits?: { readonly connectionsEach: number; readonly frameMs: number };
}

type MllpParts = Pick<TelemetryRouteParts, 'authenticate' | 'gate' | 'receive' | 'metrics' | 'now' | 'hl7Sources'>;

/**
 * HL7 v2 over MLLP. A message is acknowledged after its readings are committed, the next one is read after that, and a
 * sender that was answered `AE` or `CE` may send it again. MLLP knows no sign-in: the gateway's key is in MSH-8, or the sender is one
 * an operator let in by its address.
 */
export class MllpServer {
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  readonly #addresses: PerAddress;
  readonly #room = new Room(mllpLimits.room);
  readonly #frameMs: number;
  #draining = false;

  constructor(
    private readonly parts: MllpParts,
    private readonly logger: Logger,
    { tls, trustsHop, limits = mllpLimits }: MllpOptions,
  ) {
    const serve = (socket: Socket): void => this.#serve(socket);
    const { connectionsEach, frameMs } = limits;
    this.#frameMs = frameMs;
    this.#addresses = new PerAddress(connectionsEach, (address) => trustsHop(address, 0));
    this.#server = tls
      ? createTlsServer({ ...tls, minVersion: 'TLSv1.2', handshakeTimeout: frameMs }, serve)
      : createServer(serve);
    this.#server.maxConnections = mllpLimits.connections;
    // Also with TLS this is the plain socket, before any handshake.
    this.#server.on('connection', (socket: Socket) => this.#count(socket));
  }

  async listen(host: string, port: number): Promise<void> {
    this.#server.listen(port, host);
    await once(this.#server, 'listening');
  }

  /** Ends when every message that was read is answered. */
  async drain(): Promise<void> {
    this.#draining = true;
    const closed = once(this.#server, 'close');
    this.#server.close();
    for (const socket of this.#sockets) if (!socket.isPaused()) socket.end();
    await closed;
  }

  #count(socket: Socket): void {
    const address = socket.remoteAddress ?? '';
    if (this.#addresses.enter(address)) socket.once('close', () => this.#addresses.leave(address));
    else process.nextTick(() => socket.destroy());
  }

  #serve(socket: Socket): void {
    const address = socket.remoteAddress ?? '';
    const connection = new MllpConnection(socket, new MllpFrames(maxMessageBytes, this.#room.share()), {
      answer: async (bytes) => {
        const { code, text } = await this.#answer(bytes, address);
        this.parts.metrics.acknowledged(code);
        return text;
      },
      frameMs: this.#frameMs,
    });
    this.#sockets.add(socket);
    socket.setNoDelay(true).setTimeout(mllpLimits.idleMs, () => socket.destroy());
    socket.on('error', () => socket.destroy());
    socket.on('close', () => {
      this.#sockets.delete(socket);
      connection.closed();
    });
    socket.on('data', (chunk) => {
      socket.pause();
      connection.take(chunk).then(
        () => (this.#draining ? socket.end() : socket.resume()),
        (err: unknown) => {
          this.logger.warn(
            { err: err instanceof AppError ? err.code : err },
            'an MLLP sender that cannot be understood',
          );
          socket.destroy();
        },
      );
    });
  }

  async #answer(bytes: Buffer, address: string): Promise<Acknowledged> {
    const at = this.parts.now();
    let message: Message;
    try {
      message = readMessage(bytes, at);
    } catch (err) {
      if (!(err instanceof AppError)) this.logger.error({ err }, 'an HL7 message failed');
      return refuseUnreadable(bytes, err, at);
    }
    return this.#receive(message, bytes.length, address);
  }

  async #receive(message: Message, bytes: number, address: string): Promise<Acknowledged> {
    const { authenticate, gate, hl7Sources } = this.parts;
    const key = message.header.get(8);
    try {
      const caller =
        key === ''
          ? await hl7Sources.callerOf(senderOf(message.header, address))
          : await authenticate(`Bearer ${key}`, () => address);
      const refusal = gate.enter(bytes, caller);
      if (refusal) return refuseMessage(message, refusal);
      return await receiveMessage(this.parts, caller, message, address).finally(() => gate.leave(bytes, caller));
    } catch (err) {
      if (!(err instanceof AppError)) this.logger.error({ err }, 'an HL7 message failed');
      return refuseMessage(message, err);
    }
  }
}
