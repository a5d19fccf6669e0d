import { commonError, syncEntities, type SyncEntityName, syncEntityNames, syncLimits } from '@hms/contracts';
import type { z } from 'zod';
import { endpoint, type Endpoint } from '../../http/endpoint.js';
import type { Access, Gate, RequestHead } from '../../http/route.js';
import type { SyncCaller } from '../access/sync-caller.js';
import { checked, jsonBody } from '../json-body.js';
import type { CompatClient } from './compat-client.js';
import {
  compatLimits,
  compatQuery,
  rxdbNews,
  rxdbPull,
  rxdbPush,
  watermelonPull,
  watermelonPush,
} from './compat-requests.js';
import type { RxdbNews } from './rxdb-news.js';
import type { RxdbPull } from './rxdb-pull.js';
import type { RxdbPush } from './rxdb-push.js';
import type { WatermelonSync } from './watermelon-sync.js';

export interface CompatRouteParts {
  readonly rxdbPull: Pick<RxdbPull, 'pull'>;
  readonly rxdbPush: Pick<RxdbPush, 'push'>;
  readonly rxdbNews: Pick<RxdbNews, 'wait'>;
  readonly watermelon: Pick<WatermelonSync, 'pull' | 'push'>;
}

export interface CompatDoor {
  readonly access: (operation: string) => Access<SyncCaller>;
  readonly gate: Gate;
  /** How long an answer may be waited for on purpose. */
  readonly waitMs?: number;
}

const deadlineMs = 15_000;

/** The sync protocols of others: thin, over what `/sync` does. */
export const compatRoutes = (parts: CompatRouteParts, door: CompatDoor): Endpoint[] => [
  ...syncEntityNames.flatMap((name) => rxdbRoutes(name, parts, door)),
  // A long poll ends by itself, and its answer is to be heard.
  asked({ ...door, waitMs: syncLimits.waitMs }, '/sync/compat/rxdb/news', rxdbNews, (client, { since }) =>
    parts.rxdbNews.wait(client, since),
  ),
  asked(door, '/sync/compat/watermelon/pull', watermelonPull, (client, body) => parts.watermelon.pull(client, body)),
  asked(door, '/sync/compat/watermelon/push', watermelonPush, async (client, body) => {
    await parts.watermelon.push(client, body);
    return {};
  }),
];

const rxdbRoutes = (name: SyncEntityName, parts: CompatRouteParts, door: CompatDoor): Endpoint[] => [
  asked(door, `/sync/compat/rxdb/${name}/pull`, rxdbPull, (client, body) =>
    parts.rxdbPull.pull(reader(client, name), name, body),
  ),
  asked(door, `/sync/compat/rxdb/${name}/push`, rxdbPush, (client, body) =>
    parts.rxdbPush.push(reader(client, name), name, body),
  ),
];

/** Whoever may write may read here: a client is answered with documents. @throws AppError 403 */
function reader(client: CompatClient, name: SyncEntityName): CompatClient {
  if (!client.actor.permissions.has(syncEntities[name].read)) throw commonError('auth.forbidden');
  return client;
}

interface Asked<T> {
  readonly device: string;
  readonly body: T;
}

function asked<T>(
  { access, gate, waitMs = 0 }: CompatDoor,
  path: string,
  form: z.ZodType<T>,
  answer: (client: CompatClient, body: T) => Promise<unknown>,
): Endpoint {
  const read = jsonBody(form);
  return endpoint<SyncCaller, Asked<T>>({
    method: 'POST',
    path,
    access: access(`POST ${path}`),
    accepts: ['application/json'],
    maxBytes: path.endsWith('watermelon/push') ? compatLimits.changesBytes : syncLimits.bodyBytes,
    deadlineMs: deadlineMs + waitMs,
    gate,
    decode: (bytes, head) => ({ device: deviceIn(head), body: read(bytes) }),
    handle: async ({ actor, source }, { device, body }) => ({
      status: 200,
      body: await answer({ actor, source, deviceId: device }, body),
    }),
  });
}

const deviceIn = ({ query }: RequestHead): string =>
  checked(compatQuery, Object.fromEntries(new URLSearchParams(query))).device;
