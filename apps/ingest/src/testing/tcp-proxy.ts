import { connect, createServer, type Server, type Socket } from 'node:net';
import { once } from 'node:events';

/** A network between a service and its database that can be made to fail. */
export class TcpProxy {
  readonly #pairs = new Set<{ client: Socket; server: Socket }>();
  #refusing = false;
  #silent = false;
  #cutWhen: { from: 'client' | 'server'; says: string } | undefined;

  private constructor(
    private readonly listener: Server,
    private readonly target: { host: string; port: number },
  ) {
    listener.on('connection', (client) => this.#accept(client));
  }

  static async to(url: string): Promise<TcpProxy> {
    const { hostname, port } = new URL(url);
    const listener = createServer().listen(0, '127.0.0.1');
    await once(listener, 'listening');
    return new TcpProxy(listener, { host: hostname, port: Number(port) });
  }

  /** The same URL by way of this proxy. */
  through(url: string): string {
    const address = this.listener.address();
    const detour = new URL(url);
    detour.port = String(typeof address === 'object' ? address?.port : '');
    return detour.href;
  }

  /** Cuts every connection, and each new one. */
  refuse(): void {
    this.#refusing = true;
    this.cut();
  }

  /** Swallows what the server says from now on. */
  silence(): void {
    this.#silent = true;
  }

  /** Cuts the next connection on which this is said, instead of passing it on. */
  cutWhen(from: 'client' | 'server', says: string): void {
    this.#cutWhen = { from, says };
  }

  restore(): void {
    this.#refusing = this.#silent = false;
  }

  cut(): void {
    for (const { client, server } of this.#pairs) {
      client.resetAndDestroy();
      server.destroy();
    }
  }

  async close(): Promise<void> {
    this.cut();
    this.listener.close();
    await once(this.listener, 'close');
  }

  #accept(client: Socket): void {
    if (this.#refusing) {
      client.resetAndDestroy();
      return;
    }
    const server = connect(this.target);
    const pair = { client, server };
    this.#pairs.add(pair);
    client.setNoDelay(true).on('data', (chunk) => {
      if (!this.#cut(pair, 'client', chunk)) server.write(chunk);
    });
    server.setNoDelay(true).on('data', (chunk) => {
      if (!this.#silent && !this.#cut(pair, 'server', chunk)) client.write(chunk);
    });
    for (const [from, to] of [
      [client, server],
      [server, client],
    ] as const) {
      from
        .on('error', () => undefined)
        .on('close', () => {
          this.#pairs.delete(pair);
          to.destroy();
        });
    }
  }

  #cut({ client, server }: { client: Socket; server: Socket }, from: 'client' | 'server', chunk: Buffer): boolean {
    if (this.#cutWhen?.from !== from || !chunk.includes(this.#cutWhen.says)) return false;
    this.#cutWhen = undefined;
    client.resetAndDestroy();
    server.destroy();
    return true;
  }
}
