import { commonError, syncLimits, syncRegistration, type SyncRequest, syncRequest } from '@hms/contracts';
import type { z } from 'zod';
import { endpoint, type Endpoint } from '../http/endpoint.js';
import type { Access, Gate } from '../http/route.js';
import { bodyText } from '../telemetry/formats/body-text.js';
import type { SyncActor } from './access/sync-actor.js';
import type { SyncAuthenticator } from './access/sync-authenticator.js';
import type { RequestSource } from './push/push-request.js';
import type { SyncService } from './sync.service.js';

export interface SyncRouteParts {
  readonly authenticator: Pick<SyncAuthenticator, 'authenticate'>;
  readonly service: Pick<SyncService, 'sync' | 'register'>;
  readonly gate: Gate;
}

interface SyncCaller {
  readonly actor: SyncActor;
  readonly source: RequestSource;
}

const deadlineMs = 15_000;

export function syncRoutes({ authenticator, service, gate }: SyncRouteParts): Endpoint[] {
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
    gate,
  } as const;
  return [
    endpoint<SyncCaller, SyncRequest>({
      ...common,
      path: '/sync',
      access: access('POST /sync'),
      // A long poll ends by itself, and its answer is to be heard.
      deadlineMs: deadlineMs + syncLimits.waitMs,
      decode: reader(syncRequest),
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
      decode: reader(syncRegistration),
      handle: async ({ actor, source }, body) => ({ status: 200, body: await service.register(actor, body, source) }),
    }),
  ];
}

/** @throws AppError 400 for what is no JSON, 422 for what is not of the documented form */
const reader =
  <T>(schema: z.ZodType<T>) =>
  (bytes: Uint8Array): T => {
    const parsed = schema.safeParse(parse(bytes));
    if (parsed.success) return parsed.data;
    const errors = parsed.error.issues.map(({ path, code, message }) => ({ field: path.join('.'), code, message }));
    throw commonError('request.invalid', { errors });
  };

function parse(bytes: Uint8Array): unknown {
  const text = bodyText(bytes);
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw commonError('request.malformed', { detail: 'The body is not JSON.', cause });
  }
}
