import type { Permission } from '@hms/contracts';

/** Where an actor must stand: inside a hospital, or anywhere with a session. */
export type AccessScope = 'hospital' | 'any';

export type AccessRule =
  | { readonly kind: 'permission'; readonly permission: Permission; readonly scope: AccessScope }
  | { readonly kind: 'public'; readonly why: string };

declare module 'fastify' {
  interface FastifyContextConfig {
    /** Set by `@Access` or `@Public`; the application refuses to start when a route has none. */
    access?: AccessRule;
    /** Success status, set by `@Returns`. */
    returns?: number;
  }
}
