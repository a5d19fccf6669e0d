import { once } from 'node:events';
import { createServer, type Server, type Socket } from 'node:net';
import { createServer as createTlsServer } from 'node:tls';
import { AppError } from '@hms/contracts';
import type { Logger } from '@hms/service-kit';
import type { TelemetryRouteParts } from '../telemetry.routes.js';
import {
  maxMessageBytes,
  readMessage,
  receiveMessage,
  refuseMessage,
  senderOf,
  type Acknowledged,
  type Message,
} from './hl7-receiver.js';
import { MllpFrames, toFrame } from './mllp-frames.js';

const maxConnections = 2_000;
/** A monitor sends at least once an hour, or connects again. */
const idleMs = 3_600_000;

export interface MllpTls {
  /** PEM. */
  readonly cert: Buffer;
  readonly key: Buffer;
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
  #draining = false;

  constructor(
    private readonly parts: MllpParts,
    private readonly logger: Logger,
    tls?: MllpTls,
  ) {
    const serve = (socket: Socket): void => this.#serve(socket);
    this.#server = tls ? createTlsServer({ ...tls, minVersion: 'TLSv1.2' }, serve) : createServer(serve);
    this.#server.maxConnections = maxConnections;
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

  #serve(socket: Socket): void {
    const frames = new MllpFrames(maxMessageBytes);
    this.#sockets.add(socket);
    socket.setNoDelay(true).setTimeout(idleMs, () => socket.destroy());
    socket.on('error', () => socket.destroy());
    socket.on('close', () => this.#sockets.delete(socket));
    socket.on('data', (chunk) => {
      socket.pause();
      this.#answerAll(socket, frames, chunk).then(
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

  /** One after the other: there is one message in flight on a connection. */
  async #answerAll(socket: Socket, frames: MllpFrames, chunk: Buffer): Promise<void> {
    for (const bytes of frames.push(chunk)) {
      const message = readMessage(bytes, this.parts.now());
      const { text } = await this.#answer(message, bytes.length, socket.remoteAddress ?? '');
      if (!socket.writable) return;
      socket.write(toFrame(text));
    }
  }

  async #answer(message: Message, bytes: number, address: string): Promise<Acknowledged> {
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
