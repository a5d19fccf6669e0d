import { connect, createServer, type Server, type Socket } from 'node:net';
import { once } from 'node:events';

type Side = 'client' | 'server';

/** One side has said something that is not passed on, unless this is told to. */
interface Said {
  readonly pass: () => void;
  readonly cut: () => void;
}

interface Awaited {
  readonly from: Side;
  readonly says: string;
  /** What the client has said on the same connection before. */
  readonly after?: string;
}

interface Pair {
  readonly client: Socket;
  readonly server: Socket;
}

/** A network between a service and its database that can be made to fail. */
export class TcpProxy {
  readonly #pairs = new Set<Pair>();
  #refusing = false;
  #silent = false;
  #awaited: (Awaited & { readonly then: (said: Said) => void; readonly ready: WeakSet<Pair> }) | undefined;

  private constructor(
    private readonly listener: Server,
    private target: { host: string; port: number },
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

  /** Connections from now on go there; what there is is cut. */
  leadsTo(url: string): void {
    const { hostname, port } = new URL(url);
    this.target = { host: hostname, port: Number(port) };
    this.cut();
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
  cutWhen(from: Side, says: string): void {
    this.when({ from, says }, ({ cut }) => cut());
  }

  /** Does something the next time this is said. */
  when(awaited: Awaited, then: (said: Said) => void): void {
    this.#awaited = { ...awaited, then, ready: new WeakSet() };
  }

  /** Waits for nothing to be said any more. */
  forget(): void {
    this.#awaited = undefined;
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
      if (!this.#isAwaited(pair, 'client', chunk)) server.write(chunk);
    });
    server.setNoDelay(true).on('data', (chunk) => {
      if (!this.#silent && !this.#isAwaited(pair, 'server', chunk)) client.write(chunk);
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

  #isAwaited(pair: Pair, from: Side, chunk: Buffer): boolean {
    const awaited = this.#awaited;
    if (!awaited) return false;
    if (from === 'client' && chunk.includes(awaited.after ?? '')) awaited.ready.add(pair);
    if (awaited.from !== from || !chunk.includes(awaited.says)) return false;
    if (awaited.after !== undefined && !awaited.ready.has(pair)) return false;
    this.#awaited = undefined;
    const { client, server } = pair;
    awaited.then({
      pass: () => (from === 'client' ? server : client).write(chunk),
      cut: () => {
        client.resetAndDestroy();
        server.destroy();
      },
    });
    return true;
  }
}
