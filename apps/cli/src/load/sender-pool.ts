import { type Answer, answerOf, type TelemetryRequest } from '../telemetry/telemetry-client.js';
import { Connection } from './connection.js';

/** A few connections that requests wait for in the order in which they were due. */
export class SenderPool {
  readonly #connections: readonly Connection[];
  readonly #idle: Connection[];
  readonly #queue: ((connection: Connection) => void)[] = [];
  /** How many of the queue have got theirs: taking them off the front would move all the others. */
  #taken = 0;

  constructor(
    private readonly to: URL,
    connections: number,
  ) {
    this.#connections = Array.from({ length: connections }, () => new Connection(to));
    this.#idle = [...this.#connections];
  }

  /**
   * @param make called when a connection is free, so that what waits takes no memory
   * @throws when the connection fails
   */
  async post(gatewayKey: string, make: () => TelemetryRequest): Promise<Answer> {
    const connection = this.#idle.pop() ?? (await new Promise<Connection>((free) => this.#queue.push(free)));
    try {
      const { status, body } = await connection.ask(this.#encode(gatewayKey, make()));
      return answerOf(status, body);
    } finally {
      this.#release(connection);
    }
  }

  close(): void {
    for (const connection of this.#connections) connection.close();
  }

  #encode(
    gatewayKey: string,
    { path = '/telemetry', contentType = 'application/json', body }: TelemetryRequest,
  ): string {
    return (
      `POST ${path} HTTP/1.1\r\nHost: ${this.to.host}\r\nAuthorization: Bearer ${gatewayKey}\r\n` +
      `Content-Type: ${contentType}\r\nContent-Length: ${String(Buffer.byteLength(body))}\r\n\r\n${body}`
    );
  }

  #release(connection: Connection): void {
    const next = this.#queue[this.#taken];
    if (!next) {
      this.#idle.push(connection);
      return;
    }
    this.#taken++;
    if (this.#taken === this.#queue.length) this.#queue.length = this.#taken = 0;
    next(connection);
  }
}
