import type { AppError } from '@hms/contracts';

/** What of a request's head the pipeline reads, before the request object dies with its callback. */
export interface RequestHead {
  readonly requestId: string;
  /** Behind the question mark, as it was sent. */
  readonly query: string;
  readonly authorization: string;
  readonly contentType: string;
  readonly contentEncoding: string;
  /** As the client states it; undefined when it does not. */
  readonly contentLength: number | undefined;
  readonly idempotencyKey: string;
  /** RFC 7240. */
  readonly prefer: string;
  /** The client's address. To be called, if at all, before the request's callback returns. */
  readonly address: () => string;
}

export interface Reply {
  readonly status: number;
  /** Sent as JSON unless it is text already. */
  readonly body: unknown;
  readonly contentType?: string;
  readonly headers?: readonly (readonly [name: string, value: string])[] | undefined;
}

/** Lets requests in before their bodies are read. What entered must leave, as whose it entered. */
export interface Gate<Caller = unknown> {
  /** @param caller undefined while it is being looked up @returns why it may not come in */
  enter(bytes: number, caller: Caller | undefined): AppError | undefined;
  leave(bytes: number, caller: Caller | undefined): void;
}

/** Who may call a route. There is no route without an answer to that. */
export interface Access<Caller> {
  readonly by: 'gateway-key' | 'access-token' | 'anybody';
  /** Why anybody may. */
  readonly because?: string;
  /** A promise only when the caller is not known yet. Throws or rejects with an AppError. */
  readonly authenticate: (head: RequestHead) => Caller | Promise<Caller>;
}

export const anybody = (because: string): Access<undefined> => ({
  by: 'anybody',
  because,
  authenticate: () => undefined,
});

/** Decodes elsewhere what does not fit between two requests. */
export interface Apart<Caller, Input> {
  /** Bodies that hold more bytes than this are decoded here. */
  readonly above: number;
  /** `body` is as it was sent, its encoding not undone, and is this one's to keep. */
  readonly decode: (caller: Caller, body: Uint8Array<ArrayBuffer>, head: RequestHead) => Promise<Input>;
}

/** One address and all that the pipeline needs to know about it. The list of them is the whole surface of a service. */
export interface Route<Caller = unknown, Input = unknown> {
  readonly method: 'GET' | 'POST';
  readonly path: string;
  readonly access: Access<Caller>;
  /** Media types a body may have; none for a route without a body. */
  readonly accepts: readonly string[];
  readonly maxBytes: number;
  /** How much a compressed body may hold; as much as an uncompressed one where it is not said. */
  readonly inflatedBytes?: number;
  /** From the head to the reply, reading the body included. */
  readonly deadlineMs: number;
  readonly gate: Gate<Caller>;
  /** `body` is valid during the call only. */
  readonly decode: (body: Uint8Array, head: RequestHead) => Input;
  /** For bodies so large that decoding them would keep everybody else waiting. */
  readonly apart?: Apart<Caller, Input>;
  readonly handle: (caller: Caller, input: Input) => Reply | Promise<Reply>;
}

export const openGate: Gate = { enter: () => undefined, leave: () => undefined };
