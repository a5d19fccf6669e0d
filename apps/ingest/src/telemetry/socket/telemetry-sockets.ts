import { AppError, commonError, toProblem } from '@hms/contracts';
import type { Logger } from '@hms/service-kit';
import type { Caller } from '../../gateways/caller.js';
import type { RequestHead } from '../../http/route.js';
import type { SocketRoute } from '../../http/socket-route.js';
import { largeBytes } from '../decoding/body-reading.js';
import { decodeBody } from '../formats/decode.js';
import type { TelemetryBatch } from '../telemetry-batch.js';
import type { TelemetryRouteParts } from '../telemetry.routes.js';
import { closing, Connection, type SocketData } from './connection.js';
import { SocketRoom } from './socket-room.js';

const maxSockets = 60_000;
const maxMessageBytes = 1024 * 1024;
const maxUnreadBytes = 1024 * 1024;
/** The longest uWebSockets.js allows; it asks for a sign of life before. */
const idleSeconds = 960;
const checkEveryMs = 2_000;

type SocketParts = Pick<TelemetryRouteParts, 'authenticate' | 'gate' | 'receive' | 'decodeApart' | 'metrics' | 'now'>;

const spoken = { contentType: 'application/json', contentEncoding: '', query: '', idempotencyKey: '' };

/**
 * Telemetry over WebSocket, for senders that have something to say all the time. Each message is a batch as JSON; answers come in
 * the order of the messages, each after its commit. A socket ends within seconds after its key is revoked.
 */
export class TelemetrySockets {
  readonly #connections = new Set<Connection>();
  readonly #room = new SocketRoom(maxSockets);
  readonly #check: NodeJS.Timeout;
  #draining = false;

  constructor(
    private readonly parts: SocketParts,
    private readonly logger: Logger,
  ) {
    this.#check = setInterval(() => void this.#expelRevoked(), checkEveryMs);
  }

  get size(): number {
    return this.#room.size;
  }

  get route(): SocketRoute<SocketData> {
    return {
      path: '/telemetry/ws',
      admit: (head) => this.#admit(head),
      behavior: {
        idleTimeout: idleSeconds,
        maxPayloadLength: maxMessageBytes,
        maxBackpressure: maxUnreadBytes,
        closeOnBackpressureLimit: true,
        open: (socket) => {
          const connection = socket.getUserData().connection;
          connection.opened(socket);
          this.#connections.add(connection);
          this.#room.opened(connection.caller.hospital);
        },
        message: (socket, message) => {
          const connection = socket.getUserData().connection;
          connection.answer(() => this.#answer(connection, message));
        },
        close: (socket) => {
          const connection = socket.getUserData().connection;
          connection.closed();
          this.#connections.delete(connection);
          this.#room.closed(connection.caller.hospital);
        },
      },
    };
  }

  /** Takes no further message, and ends every connection once its messages are answered. */
  async drain(): Promise<void> {
    this.#draining = true;
    clearInterval(this.#check);
    const end = async (connection: Connection): Promise<void> => {
      await connection.answered;
      connection.end(closing.goingAway);
    };
    await Promise.all([...this.#connections].map(end));
  }

  async #admit({ authorization, requestId, address }: RequestHead): Promise<SocketData> {
    const caller = await this.parts.authenticate(authorization, address);
    const refusal = this.#draining ? commonError('service.busy') : this.#room.refusal(caller.hospital);
    if (refusal) throw refusal;
    return { connection: new Connection(authorization, requestId, caller) };
  }

  /** Counted before it waits for anything, and not copied when it is refused: uWebSockets.js takes it back with its callback. */
  async #answer(connection: Connection, message: ArrayBuffer): Promise<object> {
    const { gate } = this.parts;
    const bytes = message.byteLength;
    const { caller } = connection;
    const refusal = this.#draining ? commonError('service.busy') : gate.enter(bytes, caller);
    if (refusal) return toProblem(refusal, connection.requestId);
    try {
      return await this.#receive(connection, new Uint8Array(message.slice(0)));
    } finally {
      gate.leave(bytes, caller);
    }
  }

  async #receive(connection: Connection, message: Uint8Array<ArrayBuffer>): Promise<object> {
    let batch: TelemetryBatch | undefined;
    try {
      const caller = await this.#callerOf(connection);
      const at = this.parts.now();
      const decoded = connection.inTurn(this.#decode(caller, message, at));
      batch = decoded instanceof Promise ? await decoded : decoded;
      return await this.#store(caller, batch, at);
    } catch (err) {
      const { requestId } = connection;
      if (!(err instanceof AppError)) this.logger.error({ err, requestId }, 'a message on a socket failed');
      return { ...(batch?.key === undefined ? {} : { batch: batch.key }), ...toProblem(err, requestId) };
    }
  }

  #decode({ hospital }: Caller, body: Uint8Array<ArrayBuffer>, at: number): TelemetryBatch | Promise<TelemetryBatch> {
    if (body.length <= largeBytes) return decodeBody(body, spoken, at);
    const job = { reader: { format: 'body' }, ...spoken, maxBytes: maxMessageBytes, at, body } as const;
    return this.parts.decodeApart(hospital, job);
  }

  async #store(caller: Caller, batch: TelemetryBatch, at: number): Promise<object> {
    const { metrics, receive } = this.parts;
    if (batch.clockOffsetMs !== undefined) metrics.clockOffset(batch.clockOffsetMs);
    return (await receive(caller, batch, at)).receipt;
  }

  async #callerOf(connection: Connection): Promise<Caller> {
    try {
      return (connection.caller = await this.parts.authenticate(connection.authorization));
    } catch (err) {
      if (isDenied(err)) connection.end(closing.notAllowed);
      throw err;
    }
  }

  /** Connections on which nothing is said, too. While a key cannot be looked up nobody is expelled, and nothing is taken. */
  async #expelRevoked(): Promise<void> {
    const byKey = new Map<string, Connection[]>();
    for (const connection of this.#connections) {
      const same = byKey.get(connection.authorization);
      if (same) same.push(connection);
      else byKey.set(connection.authorization, [connection]);
    }
    for (const [authorization, connections] of byKey) {
      try {
        await this.parts.authenticate(authorization);
      } catch (err) {
        if (isDenied(err)) for (const connection of connections) connection.end(closing.notAllowed);
      }
    }
  }
}

const isDenied = (err: unknown): boolean => err instanceof AppError && [401, 403].includes(err.spec.status);
