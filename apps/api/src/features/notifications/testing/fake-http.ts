import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface FakeRequest {
  readonly method: string;
  readonly url: URL;
  readonly headers: IncomingMessage['headers'];
  readonly body: string;
}

export interface FakeAnswer {
  readonly status: number;
  readonly body: object;
  readonly headers?: Readonly<Record<string, string>>;
}

/** What goes wrong with the next requests: an answer, or none (`silent`), before or after the provider acted. */
export type Mishap = FakeAnswer | 'silent' | 'accepted-then-silent' | 'accepted-then-cut';

/** A provider's HTTP server on this machine, which fails when it is told to. */
export abstract class FakeHttp {
  readonly #server: Server;
  readonly #mishaps: Mishap[] = [];
  /** Every request but those for tokens. */
  readonly requests: FakeRequest[] = [];
  /** How long it takes. */
  delayMs = 0;

  constructor() {
    this.#server = createServer((request, response) => void this.#receive(request, response));
  }

  async start(): Promise<this> {
    await new Promise<void>((resolve) => this.#server.listen(0, '127.0.0.1', resolve));
    return this;
  }

  get url(): string {
    return `http://127.0.0.1:${String((this.#server.address() as AddressInfo).port)}`;
  }

  /** Each of the next requests that send something has one of these, in this order. */
  failWith(...mishaps: readonly Mishap[]): void {
    this.#mishaps.push(...mishaps);
  }

  /** What is left of them does not happen. */
  recover(): void {
    this.#mishaps.length = 0;
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  /** Whether a request hands something over, and so may have a mishap. */
  protected abstract isSending(request: FakeRequest): boolean;
  protected abstract answer(request: FakeRequest): FakeAnswer | Promise<FakeAnswer>;

  async #receive(incoming: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of incoming) chunks.push(chunk as Buffer);
    const { method = '', headers } = incoming;
    const request = {
      method,
      headers,
      url: new URL(incoming.url ?? '/', this.url),
      body: Buffer.concat(chunks).toString(),
    };
    const sends = this.isSending(request);
    if (sends) this.requests.push(request);
    const mishap = sends ? this.#mishaps.shift() : undefined;
    if (mishap === 'silent') return;
    const answer = typeof mishap === 'object' ? mishap : await this.answer(request);
    if (this.delayMs > 0) await new Promise((resolve) => setTimeout(resolve, this.delayMs));
    if (mishap === 'accepted-then-silent') return;
    if (mishap === 'accepted-then-cut') {
      incoming.socket.destroy();
      return;
    }
    response.writeHead(answer.status, { 'content-type': 'application/json', ...answer.headers });
    response.end(JSON.stringify(answer.body));
  }
}
