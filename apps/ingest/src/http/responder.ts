import { STATUS_CODES } from 'node:http';
import { AppError, toProblem } from '@hms/contracts';
import type { HttpResponse } from 'uWebSockets.js';
import type { Reply } from './route.js';

export interface ResponderParts {
  readonly requestId: string;
  /** For a HEAD request. */
  readonly withoutBody: boolean;
  /** True once the service wants its clients to go elsewhere. */
  readonly closing: () => boolean;
  readonly onAborted: () => void;
  readonly onReplied: (status: number, thrown: unknown) => void;
}

const statusLines = new Map(
  Object.entries(STATUS_CODES).map(([code, text]) => [Number(code), `${code} ${text ?? ''}`]),
);

/**
 * Owns one response: answers once, never after the client left, in one write. Besides it only the body reader touches
 * what uWebSockets.js hands out: one use after the end of a response takes the process down.
 */
export class Responder {
  #open = true;

  constructor(
    private readonly response: HttpResponse,
    private readonly parts: ResponderParts,
  ) {
    response.onAborted(() => {
      this.#open = false;
      parts.onAborted();
    });
  }

  /** False once answered, or once the client left. */
  get open(): boolean {
    return this.#open;
  }

  send(reply: Reply, { close = false, thrown }: { close?: boolean; thrown?: unknown } = {}): void {
    if (!this.#open) return;
    const { response, parts } = this;
    const body = typeof reply.body === 'string' ? reply.body : JSON.stringify(reply.body);
    this.#open = false;
    const closing = close || parts.closing();
    response.cork(() => {
      response.writeStatus(statusLines.get(reply.status) ?? String(reply.status));
      response.writeHeader('Content-Type', reply.contentType ?? 'application/json');
      response.writeHeader('X-Request-Id', parts.requestId);
      for (const [name, value] of reply.headers ?? []) response.writeHeader(name, value);
      if (parts.withoutBody) response.endWithoutBody(Buffer.byteLength(body), closing);
      else response.end(body, closing);
    });
    parts.onReplied(reply.status, thrown);
  }

  /** Lets somebody else have the response, to make a socket of it. */
  handOver(work: (response: HttpResponse) => void): void {
    if (!this.#open) return;
    this.#open = false;
    // Not corked: uWebSockets.js would look at the socket afterwards as if it were still a response, and close some.
    work(this.response);
    this.parts.onReplied(101, undefined);
  }

  /** Answers with the problem that was thrown; `close` when the client is not to be listened to any longer. */
  fail(thrown: unknown, { close = false, headers = [] }: { close?: boolean; headers?: Reply['headers'] } = {}): void {
    const problem = toProblem(thrown, this.parts.requestId);
    const reply = {
      status: problem.status,
      body: problem,
      contentType: 'application/problem+json',
      headers: [...headers, ...headersFor(problem.status, thrown)],
    };
    this.send(reply, { close, thrown });
  }
}

/** Retries are spread over two more seconds, or all who were turned away come back together. */
function headersFor(status: number, thrown: unknown): [string, string][] {
  if (status === 401) return [['WWW-Authenticate', 'Bearer']];
  const retryAfter = thrown instanceof AppError ? thrown.retryAfter : undefined;
  return retryAfter === undefined ? [] : [['Retry-After', String(retryAfter + Math.floor(Math.random() * 3))]];
}
