import { createBullBoard } from '@bull-board/api';
import { BullMQAdapter } from '@bull-board/api/bullMQAdapter';
import { commonError } from '@hms/contracts';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { Queues } from '../jobs/queues.service.js';
import { boardCookie, boardPath } from './board-cookie.js';
import { BoardParts } from './board-parts.js';

const declared = {
  access: { kind: 'permission', permission: 'queue:inspect', scope: 'any' },
  returns: 200,
  cookieCredential: boardCookie,
} as const;
const contentSecurityPolicy =
  "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; font-src 'self'; connect-src 'self'; base-uri 'self'; form-action 'none'; frame-ancestors 'none'";
/** All that its pages need to show queues and jobs. Whatever would change something is not served. */
const shown = new Set([
  '/api/queues',
  '/api/queues/:queueName/:jobId',
  '/api/queues/:queueName/:jobId/logs',
  '/api/redis/stats',
]);
const pages = ['', '/', '/queue/:queueName', '/queue/:queueName/:jobId'];

/** Serves the board of the queues to whoever may inspect them; call before the application is initialised. */
export function serveQueueBoard(fastify: FastifyInstance, queues: Queues): void {
  const parts = new BoardParts();
  const board = createBullBoard({
    queues: [],
    serverAdapter: parts,
    options: { uiConfig: { boardTitle: 'HMS queues' } },
  });
  const refresh = async (): Promise<void> => {
    const known = await queues.known();
    board.setQueues(known.map((queue) => new BullMQAdapter(queue, { readOnlyMode: true })));
  };
  const get = (path: string, handler: (request: FastifyRequest, reply: FastifyReply) => unknown): void => {
    fastify.get(`${boardPath}${path}`, { config: declared }, (request, reply) => {
      void reply.header('content-security-policy', contentSecurityPolicy);
      return handler(request, reply);
    });
  };

  for (const path of pages) {
    get(path, (_, reply) => reply.type('text/html; charset=utf-8').send(parts.page(boardPath)));
  }
  get('/static/*', (request, reply) => {
    const asset = parts.asset((request.params as Readonly<Record<string, string>>)['*'] ?? '');
    if (!asset) throw commonError('route.not-found');
    return reply.type(asset.type).send(asset.content);
  });
  for (const api of parts.apiRoutes) {
    const { method, route } = api;
    const paths = [method].flat().includes('get') ? [route].flat().filter((path) => shown.has(path)) : [];
    for (const path of paths) {
      get(path, async ({ params, query, headers }) => {
        const asked = { queues: parts.queues, uiConfig: parts.uiConfig, params, query, headers, body: {} };
        return answerOf(refresh().then(() => api.handler(asked as Parameters<typeof api.handler>[0])));
      });
    }
  }
}

/** In the form of every route. What fails here fails for want of Redis. */
async function answerOf(response: Promise<{ readonly status?: number; readonly body: unknown }>): Promise<unknown> {
  const { status = 200, body } = await response.catch((cause: unknown) => {
    throw commonError('service.unavailable', { cause });
  });
  if (status >= 400) throw commonError('route.not-found');
  return body;
}
