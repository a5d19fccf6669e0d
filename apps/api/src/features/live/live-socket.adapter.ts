import type { IncomingMessage } from 'node:http';
import type { INestApplicationContext } from '@nestjs/common';
import { IoAdapter } from '@nestjs/platform-socket.io';
import { Server, type Namespace, type ServerOptions } from 'socket.io';

/** Socket.IO as this application runs it, on the HTTP server of the API. */
export class LiveSocketAdapter extends IoAdapter {
  readonly #allowed: ReadonlySet<string>;

  constructor(application: INestApplicationContext, allowedOrigins: readonly string[]) {
    super(application);
    this.#allowed = new Set(allowedOrigins);
  }

  override createIOServer(port: number, options?: Partial<ServerOptions>): Server {
    const server = super.createIOServer(port, {
      ...options,
      serveClient: false,
      transports: ['websocket', 'polling'],
      maxHttpBufferSize: 16 * 1024,
      connectTimeout: 10_000,
      cors: { origin: [...this.#allowed] },
      allowRequest: (request: IncomingMessage, decide) => decide(null, this.#isAllowed(request.headers.origin)),
    } as ServerOptions);
    // Clients that name no namespace get this one, and there is nothing in it.
    server.of('/').use((_, next) => next(new Error('Connect to a namespace')));
    return server;
  }

  /** Browsers name the page a connection comes from; whoever names none is no browser and cannot be tricked by one. */
  #isAllowed(origin: string | undefined): boolean {
    return origin === undefined || this.#allowed.has(origin);
  }

  /** Ends the connections; the HTTP server they came through is closed by the framework. */
  override close(server: Server | Namespace): Promise<void> {
    server.disconnectSockets(true);
    if (server instanceof Server) server.engine.close();
    return Promise.resolve();
  }
}
