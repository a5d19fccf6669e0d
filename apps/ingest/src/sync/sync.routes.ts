import { syncLimits, syncRegistration, type SyncRequest, syncRequest } from '@hms/contracts';
import type { z } from 'zod';
import { endpoint, type Endpoint } from '../http/endpoint.js';
import type { Access, Gate } from '../http/route.js';
import type { SyncCaller } from './access/sync-caller.js';
import type { SyncAuthenticator } from './access/sync-authenticator.js';
import { type CompatRouteParts, compatRoutes } from './compat/compat.routes.js';
import { jsonBody } from './json-body.js';
import type { SyncService } from './sync.service.js';

export interface SyncRouteParts {
  readonly authenticator: Pick<SyncAuthenticator, 'authenticate'>;
  readonly service: Pick<SyncService, 'sync' | 'register'>;
  readonly compat: CompatRouteParts;
  readonly gate: Gate;
}

const deadlineMs = 15_000;

export function syncRoutes({ authenticator, service, compat, gate }: SyncRouteParts): Endpoint[] {
  const access = (operation: string): Access<SyncCaller> => ({
    by: 'access-token',
    authenticate: async ({ authorization, requestId, address }) => {
      const source = { requestId, address: address(), operation };
      return { actor: await authenticator.authenticate(authorization), source };
    },
  });
  const common = {
    method: 'POST',
    accepts: ['application/json'],
    maxBytes: syncLimits.bodyBytes,
    inflatedBytes: syncLimits.inflatedBytes,
    gate,
  } as const;
  return [
    endpoint<SyncCaller, SyncRequest>({
      ...common,
      path: '/sync',
      access: access('POST /sync'),
      // A long poll ends by itself, and its answer is to be heard.
      deadlineMs: deadlineMs + syncLimits.waitMs,
      decode: jsonBody(syncRequest),
      handle: async ({ actor, source }, body) => ({
        status: 200,
        body: await service.sync(actor, body, source),
        contentType: 'application/json',
      }),
    }),
    endpoint<SyncCaller, z.output<typeof syncRegistration>>({
      ...common,
      path: '/sync/register',
      access: access('POST /sync/register'),
      deadlineMs,
      decode: jsonBody(syncRegistration),
      handle: async ({ actor, source }, body) => ({ status: 200, body: await service.register(actor, body, source) }),
    }),
    ...compatRoutes(compat, { access, gate }),
  ];
}
