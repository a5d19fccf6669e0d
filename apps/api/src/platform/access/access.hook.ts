import { AppError } from '@hms/contracts';
import type { FastifyContextConfig, FastifyInstance, RouteOptions } from 'fastify';
import { accessError } from './access.errors.js';
import type { AccessRule } from './access-rule.js';
import { EndedSession, type Authenticator } from './authenticator.service.js';
import { authorize } from './authorize.policy.js';
import { originOf } from './request-origin.js';
import type { SessionActivity } from './session-activity.service.js';

declare module 'fastify' {
  interface FastifyRequest {
    /** Whose session it was, when the token is genuine and its session is not alive. */
    endedSession?: EndedSession['claims'];
  }
}

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
    const { identity } = await authenticator.fromHeader(request.headers.authorization).catch((err: unknown) => {
      const cause = err instanceof AppError ? err.details.cause : undefined;
      if (cause instanceof EndedSession) request.endedSession = cause.claims;
      throw err;
    });
    activity.seen(identity.sessionId);
    // Before it is decided whether they may: whoever is refused is known to the audit.
    request.actor = { ...identity, origin: originOf(request) };
    authorize(identity, rule);
  });
}

/** Says what a route's declarations lack, or undefined. */
export type RouteCheck = (declared: FastifyContextConfig) => string | undefined;

const declaresAccess: RouteCheck = ({ access }) => (access ? undefined : '@Access or @Public');
const declaresReturns: RouteCheck = ({ returns }) => (returns ? undefined : '@Returns');

/** Collects every route Fastify is given, whoever registers it. Call before the first is. */
export class RouteInventory {
  readonly #routes: RouteOptions[] = [];

  constructor(
    fastify: FastifyInstance,
    private readonly checks: readonly RouteCheck[] = [],
  ) {
    fastify.addHook('onRoute', (route) => void this.#routes.push(route));
  }

  /** @throws an Error naming every route that lacks `@Access`/`@Public`, `@Returns` or what another check asks for */
  verified(): RouteAccess[] {
    const checks = [declaresAccess, declaresReturns, ...this.checks];
    const missing = this.#routes.flatMap(({ method, url, config = {} }) => {
      const gaps = checks.flatMap((check) => check(config) ?? []);
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
