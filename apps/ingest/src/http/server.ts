import { commonError } from '@hms/contracts';
import { clientAddress, requestIdFrom, type TrustedHop } from '@hms/service-kit';
import {
  App,
  type HttpRequest,
  type HttpResponse,
  us_listen_socket_close,
  type us_listen_socket,
} from 'uWebSockets.js';
import type { Endpoint } from './endpoint.js';
import { Responder } from './responder.js';
import type { RequestHead } from './route.js';
import type { SocketRoute } from './socket-route.js';

export interface Replied {
  /** Path of the route; empty when there is none. */
  readonly path: string;
  readonly status: number;
  readonly requestId: string;
  /** What was thrown, when the reply is a problem. */
  readonly thrown: unknown;
}

/**
 * The HTTP server over a list of endpoints. uWebSockets.js sets what cannot be configured: it closes a connection that
 * is idle for 10 s, cuts a body slower than 16 KB/s, answers 431 to a head above 4 KB, and closes a connection whose
 * client pipelines.
 */
export class HttpServer {
  readonly #app = App();
  readonly #methods = new Map<string, string[]>();
  #socket: us_listen_socket | undefined;
  #closing = false;
  #inFlight = 0;
  #allReplied: (() => void) | undefined;

  constructor(
    endpoints: readonly Endpoint[],
    private readonly onReplied: (replied: Replied) => void,
    /** Whose word about the client's address counts. */
    private readonly trustsHop: TrustedHop,
  ) {
    for (const each of endpoints) this.#register(each);
    this.#app.any('/*', (response, request) => this.#refuse(response, request));
  }

  /** To be called before {@link listen}. */
  serveSockets<Data>({ path, admit, behavior }: SocketRoute<Data>): void {
    this.#app.ws<Data>(path, {
      ...behavior,
      upgrade: (response, request, context) => {
        const head = headOf(request, () => this.#addressOf(response, request));
        const key = request.getHeader('sec-websocket-key');
        const { requestId } = head;
        const responder = this.#responder(response, request, { path, requestId, onAborted: () => undefined });
        admit(head).then(
          (data) => responder.handOver((upgraded) => upgraded.upgrade(data, key, '', '', context)),
          (err: unknown) => responder.fail(err),
        );
      },
    });
  }

  listen(host: string, port: number): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#app.listen(host, port, (socket) => {
        if (!socket) {
          reject(new Error(`cannot listen on ${host}:${port}`));
          return;
        }
        this.#socket = socket;
        resolve();
      });
    });
  }

  /** Takes no new connection, asks clients to leave with the next reply, and ends when all replies are out. */
  async drain(): Promise<void> {
    this.#closing = true;
    if (this.#socket) us_listen_socket_close(this.#socket);
    this.#socket = undefined;
    if (this.#inFlight > 0) await new Promise<void>((resolve) => (this.#allReplied = resolve));
  }

  /** Closes what is still connected. */
  close(): void {
    this.#app.close();
  }

  #register({ route, exchange }: Endpoint): void {
    const serve = (response: HttpResponse, request: HttpRequest): void => {
      const head = headOf(request, () => this.#addressOf(response, request));
      const work: ReturnType<typeof exchange> = exchange(
        head,
        this.#responder(response, request, {
          path: route.path,
          requestId: head.requestId,
          onAborted: () => work.abandon(),
        }),
      );
      work.begin(response);
    };
    if (route.method === 'POST') this.#app.post(route.path, serve);
    else this.#app.get(route.path, serve).head(route.path, serve);
    const methods = route.method === 'GET' ? ['GET', 'HEAD'] : [route.method];
    this.#methods.set(route.path, [...(this.#methods.get(route.path) ?? []), ...methods]);
  }

  /** What no route takes. */
  #refuse(response: HttpResponse, request: HttpRequest): void {
    const path = request.getUrl();
    const requestId = requestIdFrom(request.getHeader('x-request-id'));
    const responder = this.#responder(response, request, { path: '', requestId, onAborted: () => undefined });
    const methods = this.#methods.get(path);
    if (!methods) {
      responder.fail(commonError('route.not-found'));
      return;
    }
    const headers = [['Allow', methods.join(', ')]] as const;
    if (request.getMethod() === 'options') responder.send({ status: 204, body: '', headers });
    else responder.fail(commonError('method.not-allowed'), { headers });
  }

  #responder(
    response: HttpResponse,
    request: HttpRequest,
    { path, requestId, onAborted }: { path: string; requestId: string; onAborted: () => void },
  ): Responder {
    this.#inFlight++;
    return new Responder(response, {
      requestId,
      withoutBody: request.getMethod() === 'head',
      closing: () => this.#closing,
      onAborted: () => {
        this.#left();
        onAborted();
      },
      onReplied: (status, thrown) => {
        this.#left();
        this.onReplied({ path, status, requestId, thrown });
      },
    });
  }

  #addressOf(response: HttpResponse, request: HttpRequest): string {
    const peer = Buffer.from(response.getRemoteAddressAsText()).toString('latin1');
    return clientAddress(this.trustsHop, peer, request.getHeader('x-forwarded-for'));
  }

  #left(): void {
    if (--this.#inFlight === 0) this.#allReplied?.();
  }
}

/** Handlers see a head before uWebSockets.js has judged its length. */
const wholeNumber = /^\d{1,15}$/;

function headOf(request: HttpRequest, address: () => string): RequestHead {
  const length = request.getHeader('content-length');
  return {
    requestId: requestIdFrom(request.getHeader('x-request-id')),
    query: request.getQuery(),
    authorization: request.getHeader('authorization'),
    contentType: request.getHeader('content-type'),
    contentEncoding: request.getHeader('content-encoding'),
    contentLength: wholeNumber.test(length) ? Number(length) : undefined,
    idempotencyKey: request.getHeader('idempotency-key'),
    prefer: request.getHeader('prefer'),
    address,
  };
}
