import type { IncomingMessage } from 'node:http';
import helmet from '@fastify/helmet';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { requestIdFrom, trustOneHop } from '@hms/service-kit';
import { answerBrokenRequest, answerUnroutable } from './unrouted-problems.js';

const bodyLimit = 1024 * 1024;

/** Fastify as every process of this package runs it. */
export function createAdapter(trustedProxies: readonly string[]): FastifyAdapter {
  return new FastifyAdapter({
    bodyLimit,
    trustProxy: trustOneHop(trustedProxies),
    requestTimeout: 30_000,
    requestIdHeader: false,
    genReqId: (request: IncomingMessage) => {
      const header = request.headers['x-request-id'];
      return requestIdFrom(typeof header === 'string' ? header : undefined);
    },
    frameworkErrors: answerUnroutable,
    clientErrorHandler: answerBrokenRequest,
  });
}

/** Headers of an API that is never framed, cached or sniffed. */
export async function protectResponses(adapter: FastifyAdapter): Promise<void> {
  const fastify = adapter.getInstance();
  await fastify.register(helmet, {
    contentSecurityPolicy: { useDefaults: false, directives: { defaultSrc: ["'none'"], frameAncestors: ["'none'"] } },
    referrerPolicy: { policy: 'no-referrer' },
  });
  fastify.addHook('onRequest', (request, reply, done) => {
    void reply.header('x-request-id', request.id).header('cache-control', 'no-store');
    done();
  });
}
