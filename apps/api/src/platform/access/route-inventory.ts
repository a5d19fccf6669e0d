import type { FastifyContextConfig, FastifyInstance, RouteOptions } from 'fastify';
import type { AccessRule } from './access-rule.js';

/** One HTTP route as the access tests see it. */
export interface RouteAccess {
  readonly method: string;
  readonly url: string;
  readonly rule: AccessRule;
  readonly returns: number;
  readonly idempotent: boolean;
  /** Whether each use of it leaves a row in the audit. */
  readonly audited: boolean;
}

/** Says what a route's declarations lack, or undefined. */
export type RouteCheck = (declared: FastifyContextConfig, method: string) => string | undefined;

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
    const routes = this.#routes.flatMap(({ method: methods, url, config = {} }) =>
      [methods].flat().map((method) => ({ method, url, config })),
    );
    const checks = [declaresAccess, declaresReturns, ...this.checks];
    const missing = routes.flatMap(({ method, url, config }) => {
      const gaps = checks.flatMap((check) => check(config, method) ?? []);
      return gaps.length > 0 ? [`${method} ${url}: ${gaps.join(' and ')}`] : [];
    });
    if (missing.length > 0) throw new Error(`Refusing to start, undeclared routes: ${missing.join('; ')}`);
    return routes.map(({ method, url, config }) => ({
      method,
      url,
      rule: config.access as AccessRule,
      returns: config.returns ?? 200,
      idempotent: config.idempotent === true,
      audited: config.audit?.kind === 'audited',
    }));
  }
}
