import { applyDecorators } from '@nestjs/common';
import { ApiHeader } from '@nestjs/swagger';
import { extendRouteConfig } from '../http/route-config.js';

declare module 'fastify' {
  interface FastifyContextConfig {
    /** Set by `@Idempotent`; a string says why a creating route is not. */
    idempotent?: true | string;
  }
}

/**
 * A request that is sent again with the same `Idempotency-Key` within 72 hours has its effect once and is answered the
 * same. The route must answer exactly what its one unit of work returned.
 */
export const Idempotent = (): MethodDecorator =>
  applyDecorators(
    extendRouteConfig({ idempotent: true }),
    ApiHeader({
      name: 'Idempotency-Key',
      required: true,
      description: 'A fresh UUID for each thing you create; the same one when you send the request again',
    }),
  );

/** A creating route that may be repeated without harm, for the stated reason. */
export const NotIdempotent = (why: string): MethodDecorator => extendRouteConfig({ idempotent: why });
