import { connect, type Socket } from 'node:net';
import { once } from 'node:events';

/** A connection that sends what no proper client would. */
export class RawSocket {
  readonly #chunks: string[] = [];

  private constructor(private readonly socket: Socket) {
    socket.on('data', (chunk) => this.#chunks.push(chunk.toString('latin1'))).on('error', () => undefined);
  }

  static async open(port: number): Promise<RawSocket> {
    const socket = connect(port, '127.0.0.1');
    await once(socket, 'connect');
    return new RawSocket(socket);
  }

  get received(): string {
    return this.#chunks.join('');
  }

  get isClosed(): boolean {
    return this.socket.closed;
  }

  send(text: string): void {
    this.socket.write(text);
  }

  destroy(): void {
    this.socket.destroy();
  }

  async closed(): Promise<string> {
    if (!this.socket.closed) await once(this.socket, 'close');
    return this.received;
  }
}
