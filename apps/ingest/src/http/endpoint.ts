import type { HttpResponse } from 'uWebSockets.js';
import { Exchange } from './exchange.js';
import type { Responder } from './responder.js';
import type { RequestHead, Route } from './route.js';

/** A route whose types are sealed in: all that is left is to serve it. */
export interface Endpoint {
  readonly route: Pick<Route, 'method' | 'path' | 'access' | 'accepts' | 'maxBytes' | 'deadlineMs'>;
  readonly exchange: (
    head: RequestHead,
    responder: Responder,
  ) => { begin(response: HttpResponse): void; abandon(): void };
}

export const endpoint = <Caller, Input>(route: Route<Caller, Input>): Endpoint => ({
  route,
  exchange: (head, responder) => new Exchange(route, head, responder),
});
