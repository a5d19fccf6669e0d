import type { WebSocket, WebSocketBehavior } from 'uWebSockets.js';
import type { RequestHead } from './route.js';

/** A WebSocket address: who may open one, and what happens on it. `Data` stays with the socket. */
export interface SocketRoute<Data> {
  readonly path: string;
  /** Throws or rejects with an AppError, which is the answer to the upgrade. */
  readonly admit: (head: RequestHead) => Promise<Data>;
  readonly behavior: Omit<WebSocketBehavior<Data>, 'upgrade'>;
}

export type Socket<Data> = WebSocket<Data>;
