import type { FastifyInstance } from 'fastify';
import { claimOf, type IdempotencyClaim } from './idempotency-claim.js';

declare module '../access/request-origin.js' {
  interface RequestOrigin {
    /** On routes that are `@Idempotent`. */
    readonly idempotency?: IdempotencyClaim;
  }
}

/** Reads the key of every request to an idempotent route, once its body is parsed. */
export function readIdempotencyKeys(fastify: FastifyInstance): void {
  fastify.addHook('preHandler', (request, _reply, done) => {
    const { actor } = request;
    if (actor && request.routeOptions.config.idempotent === true) {
      request.actor = { ...actor, origin: { ...actor.origin, idempotency: claimOf(request) } };
    }
    done();
  });
}
