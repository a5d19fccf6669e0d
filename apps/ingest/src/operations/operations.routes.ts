import type { Registry } from '@hms/service-kit';
import { endpoint, type Endpoint } from '../http/endpoint.js';
import { anybody, openGate, type Reply } from '../http/route.js';

export interface OperationsRouteParts {
  /** Why the service should get no traffic; empty when it should. */
  readonly obstacles: () => readonly string[];
  readonly registry: Registry;
}

const probe = (path: string, because: string, handle: () => Reply | Promise<Reply>): Endpoint =>
  endpoint({
    method: 'GET',
    path,
    access: anybody(because),
    accepts: [],
    maxBytes: 0,
    deadlineMs: 5_000,
    gate: openGate,
    decode: () => undefined,
    handle,
  });

export const operationsRoutes = ({ obstacles, registry }: OperationsRouteParts): Endpoint[] => [
  probe('/healthz', 'says only that the process answers', () => ({ status: 200, body: { status: 'ok' } })),
  probe('/readyz', 'orchestrator probe, not routed by the public Nginx', () => {
    const found = obstacles();
    return {
      status: found.length === 0 ? 200 : 503,
      body: { status: found.length === 0 ? 'ok' : 'unavailable', obstacles: found },
    };
  }),
  probe('/metrics', 'scraped inside the network, not routed by the public Nginx', async () => ({
    status: 200,
    contentType: registry.contentType,
    body: await registry.metrics(),
  })),
];
