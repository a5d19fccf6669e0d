import { accessError } from './access.errors.js';
import { authorize } from './authorize.policy.js';
import type { Authenticator } from './authenticator.service.js';
import type { FastifyInstance, RouteOptions } from 'fastify';
import type { AccessRule } from './access-rule.js';
import { originOf } from './request-origin.js';
import type { SessionActivity } from './session-activity.service.js';

/** One HTTP route as the access tests see it. */
export interface RouteAccess {
  readonly method: string;
  readonly url: string;
  readonly rule: AccessRule;
  readonly returns: number;
}

/**
 * Decides before a body is read, on the route Fastify matched and never on the text of the URL. A route without a rule
 * is refused to everybody. A request is what keeps a session from being idle; an open socket or a renewed token is not.
 */
export function enforceAccess(fastify: FastifyInstance, authenticator: Authenticator, activity: SessionActivity): void {
  fastify.addHook('onRequest', async (request) => {
    if (request.is404) return;
    const rule = request.routeOptions.config.access;
    if (!rule) throw accessError('auth.forbidden');
    if (rule.kind === 'public') return;
    const { identity } = await authenticator.fromHeader(request.headers.authorization);
    activity.seen(identity.sessionId);
    authorize(identity, rule);
    request.actor = { ...identity, origin: originOf(request) };
  });
}

/** Collects every route Fastify is given, whoever registers it. Call before the first is. */
export class RouteInventory {
  readonly #routes: RouteOptions[] = [];

  constructor(fastify: FastifyInstance) {
    fastify.addHook('onRoute', (route) => void this.#routes.push(route));
  }

  /** @throws an Error naming every route that lacks `@Access`/`@Public` or `@Returns` */
  verified(): RouteAccess[] {
    const missing = this.#routes.flatMap(({ method, url, config }) => {
      const gaps = [config?.access ? '' : '@Access or @Public', config?.returns ? '' : '@Returns'].filter(Boolean);
      return gaps.length > 0 ? [`${String(method)} ${url}: ${gaps.join(' and ')}`] : [];
    });
    if (missing.length > 0) throw new Error(`Refusing to start, undeclared routes: ${missing.join('; ')}`);
    return this.#routes.flatMap(({ method, url, config }) =>
      [method]
        .flat()
        .map((m) => ({ method: m, url, rule: config?.access as AccessRule, returns: config?.returns ?? 200 })),
    );
  }
}
