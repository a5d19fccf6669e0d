import { connect as connectPlain, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { connectionFault } from '../telemetry/telemetry-client.js';

export interface HttpAnswer {
  readonly status: number;
  readonly body: string;
}

interface Waiting {
  readonly resolve: (answer: HttpAnswer) => void;
  readonly reject: (err: Error) => void;
}

const silentMs = 15_000;

/**
 * One HTTP/1.1 connection with at most one request on its way, opened again when it is needed and was closed. It looks
 * at no more of an answer than it must: a generator takes little from the cores it measures.
 */
export class Connection {
  #socket: Socket | undefined;
  #received: Buffer = Buffer.alloc(0);
  #waiting: Waiting | undefined;

  constructor(private readonly to: URL) {}

  /** @throws when the connection fails before the answer has come, or is silent for 15 s */
  ask(request: string): Promise<HttpAnswer> {
    return new Promise((resolve, reject) => {
      this.#waiting = { resolve, reject };
      (this.#socket ??= this.#open()).write(request);
    });
  }

  close(): void {
    this.#socket?.destroy();
  }

  #open(): Socket {
    const { hostname, port, protocol } = this.to;
    const secure = protocol === 'https:';
    const to = { host: hostname.replaceAll(/[[\]]/g, ''), port: Number(port) || (secure ? 443 : 80) };
    const socket = secure ? connectTls({ ...to, servername: hostname }) : connectPlain(to);
    let fault = 'closed';
    socket.setNoDelay(true).setTimeout(silentMs, () => socket.destroy(new Error('no answer')));
    socket.on('data', (chunk: Buffer) => this.#read(chunk));
    socket.on('error', (err: unknown) => (fault = connectionFault(err)));
    socket.on('close', () => {
      this.#socket = undefined;
      this.#received = Buffer.alloc(0);
      this.#settle((waiting) => waiting.reject(new Error(fault)));
    });
    return socket;
  }

  #read(chunk: Buffer): void {
    const all = this.#received.length === 0 ? chunk : Buffer.concat([this.#received, chunk]);
    this.#received = all;
    const head = all.indexOf('\r\n\r\n');
    if (head === -1) return;
    const end = head + 4 + bodyLength(all.toString('latin1', 0, head));
    if (Number.isNaN(end)) this.#socket?.destroy(new Error('an answer without Content-Length'));
    if (!(all.length >= end)) return;
    this.#received = Buffer.alloc(0);
    const answer = { status: Number(all.toString('latin1', 9, 12)), body: all.toString('utf8', head + 4, end) };
    this.#settle((waiting) => waiting.resolve(answer));
  }

  #settle(settle: (waiting: Waiting) => void): void {
    const waiting = this.#waiting;
    this.#waiting = undefined;
    if (waiting) settle(waiting);
  }
}

/** NaN when the head does not say. */
function bodyLength(head: string): number {
  const stated = /\r\ncontent-length: *(\d+)/i.exec(head)?.[1];
  if (stated !== undefined) return Number(stated);
  return head.startsWith('204', 9) ? 0 : NaN;
}
