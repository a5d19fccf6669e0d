import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { addressKey } from '@hms/service-kit';
import { limitOf } from './limit-rule.js';
import { limitedError, wholeSeconds } from './limited.error.js';
import type { Verdict } from './quota-limiter.js';
import type { RateLimits } from './rate-limits.service.js';
import type { LimitScope, RouteClass } from './quotas.js';

declare module 'fastify' {
  interface FastifyRequest {
    /** Of the quotas this request counted against, the one nearest to its end. */
    limit: Verdict | null;
  }
}

/** Refuses addresses that ask too often, before anybody is authenticated. Call before access is enforced. */
export function limitAddresses(fastify: FastifyInstance, limits: RateLimits): void {
  fastify.decorateRequest('limit', null);
  fastify.addHook('onRequest', (request, reply, done) => {
    const as = classOf(request);
    if (!as) done();
    else decide(request, reply, [limits.take(as, 'address', addressKey(request.ip))], done);
  });
}

/** Refuses users and hospitals that ask too often, before a body is read. Call after access is enforced. */
export function limitActors(fastify: FastifyInstance, limits: RateLimits): void {
  fastify.addHook('onRequest', (request, reply, done) => {
    const as = request.actor ? classOf(request) : undefined;
    if (!as) done();
    else {
      const verdicts = actorKeys(request).map(([scope, key]) => limits.take(as, scope, key));
      decide(request, reply, verdicts, done);
    }
  });
}

/** Undefined for a route without limit; an address without a route counts as a read. */
function classOf(request: FastifyRequest): RouteClass | undefined {
  if (request.is404) return 'read';
  const rule = limitOf(request.routeOptions.config, request.method);
  return rule.kind === 'limited' ? rule.as : undefined;
}

function actorKeys({ actor }: FastifyRequest): [LimitScope, string][] {
  if (!actor) return [];
  if (!actor.hospital) return [['user', actor.userId]];
  return [
    ['user', actor.userId],
    ['hospital', `{h:${actor.hospital.id}}`],
  ];
}

/** Goes on at once when every verdict is there, which is nearly always. */
function decide(
  request: FastifyRequest,
  reply: FastifyReply,
  verdicts: readonly (Verdict | Promise<Verdict>)[],
  done: (err?: Error) => void,
): void {
  if (!verdicts.some((verdict) => verdict instanceof Promise)) {
    done(conclude(request, reply, verdicts as readonly Verdict[]));
    return;
  }
  Promise.all(verdicts.map((verdict) => Promise.resolve(verdict))).then(
    (all) => done(conclude(request, reply, all)),
    done,
  );
}

/** Tells the client how it stands, as draft-ietf-httpapi-ratelimit-headers has it. @returns the refusal, if it is one */
function conclude(request: FastifyRequest, reply: FastifyReply, verdicts: readonly Verdict[]): Error | undefined {
  const refusal = verdicts.find(({ granted }) => !granted);
  const shown = refusal ?? verdicts.reduce(nearerToItsEnd, request.limit ?? verdicts[0]);
  if (!shown) return undefined;
  const { quota, remaining, waitMs } = shown;
  request.limit = shown;
  reply.header('ratelimit-policy', `"${quota.name}";q=${String(quota.units)};w=${String(quota.windowSeconds)}`);
  reply.header('ratelimit', `"${quota.name}";r=${String(remaining)};t=${String(wholeSeconds(waitMs))}`);
  return refusal && limitedError(refusal);
}

const share = ({ remaining, quota }: Verdict): number => remaining / quota.units;
const nearerToItsEnd = (a: Verdict | undefined, b: Verdict): Verdict => (a && share(a) <= share(b) ? a : b);
