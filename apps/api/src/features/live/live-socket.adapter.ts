import { once } from 'node:events';
import { STATUS_CODES, type IncomingMessage, type Server as HttpServer } from 'node:http';
import type { Duplex } from 'node:stream';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { IoAdapter } from '@nestjs/platform-socket.io';
import { toProblem, type AppError } from '@hms/contracts';
import { requestIdFrom } from '@hms/service-kit';
import { Server, type Namespace, type ServerOptions } from 'socket.io';
import type { ConnectionLimit } from '../../platform/limits/connection-limit.service.js';

/** How long a client is waited for that does not answer the goodbye. */
const goodbyeMs = 1_000;

/** Socket.IO as this application runs it, on the HTTP server of the API. */
export class LiveSocketAdapter extends IoAdapter {
  readonly #allowed: ReadonlySet<string>;
  readonly #upgraded = new Set<Duplex>();

  constructor(
    application: NestFastifyApplication,
    allowedOrigins: readonly string[],
    private readonly limit: ConnectionLimit,
  ) {
    super(application);
    this.#allowed = new Set(allowedOrigins);
    const http: HttpServer = application.getHttpServer();
    http.on('upgrade', (_, socket: Duplex) => {
      this.#upgraded.add(socket);
      socket.once('close', () => this.#upgraded.delete(socket));
    });
  }

  override createIOServer(port: number, options?: Partial<ServerOptions>): Server {
    const server = super.createIOServer(port, {
      ...options,
      serveClient: false,
      transports: ['websocket', 'polling'],
      maxHttpBufferSize: 16 * 1024,
      connectTimeout: 10_000,
      cors: { origin: [...this.#allowed] },
      allowRequest: (request: IncomingMessage, decide) => void this.#decide(request, decide),
    } as ServerOptions);
    // Clients that name no namespace get this one, and there is nothing in it.
    server.of('/').use((_, next) => next(new Error('Connect to a namespace')));
    return server;
  }

  async #decide(request: IncomingMessage, decide: (err: null, allowed: boolean) => void): Promise<void> {
    const refusal = await this.limit.refusalOf(request);
    if (refusal) answerRaw(request.socket, refusal, request.headers['x-request-id']);
    else decide(null, this.#isAllowed(request.headers.origin));
  }

  /** Browsers name the page a connection comes from; whoever names none is no browser and cannot be tricked by one. */
  #isAllowed(origin: string | undefined): boolean {
    return origin === undefined || this.#allowed.has(origin);
  }

  /** Ends the connections, politely at first; the HTTP server they came through is closed by the framework. */
  override async close(server: Server | Namespace): Promise<void> {
    server.disconnectSockets(true);
    if (!(server instanceof Server)) return;
    server.engine.close();
    const patience = AbortSignal.timeout(goodbyeMs);
    const closed = [...this.#upgraded].map((socket) => once(socket, 'close', { signal: patience }));
    await Promise.allSettled(closed);
    for (const socket of this.#upgraded) socket.destroy();
  }
}

/** Engine.IO knows neither 429 nor problem+json, so this is said past it, and the connection ends. */
function answerRaw(socket: Duplex, error: AppError, requestId: string | string[] | undefined): void {
  const problem = toProblem(error, requestIdFrom(typeof requestId === 'string' ? requestId : undefined));
  const body = JSON.stringify(problem);
  const head = [
    `HTTP/1.1 ${String(problem.status)} ${STATUS_CODES[problem.status] ?? ''}`,
    'Content-Type: application/problem+json',
    `Content-Length: ${String(Buffer.byteLength(body))}`,
    `Retry-After: ${String(error.retryAfter ?? 1)}`,
    'Connection: close',
  ];
  socket.end(`${head.join('\r\n')}\r\n\r\n${body}`);
}
