import type { FastifyContextConfig } from 'fastify';
import type { RouteClass } from './quotas.js';

export type LimitRule =
  { readonly kind: 'limited'; readonly as: RouteClass } | { readonly kind: 'unlimited'; readonly why: string };

declare module 'fastify' {
  interface FastifyContextConfig {
    /** Set by `@Limited` or `@Unlimited`; a route with neither is limited by {@link limitOf}. */
    limit?: LimitRule;
  }
}

const safeMethods = new Set(['GET', 'HEAD', 'OPTIONS']);

/**
 * The limit of a route: what it declares, else the class of its method. Where anybody may write, something can be
 * guessed: such a route is a `credential` until it says otherwise.
 */
export function limitOf(config: FastifyContextConfig, method: string): LimitRule {
  if (config.limit) return config.limit;
  if (safeMethods.has(method)) return { kind: 'limited', as: 'read' };
  return { kind: 'limited', as: config.access?.kind === 'permission' ? 'write' : 'credential' };
}
