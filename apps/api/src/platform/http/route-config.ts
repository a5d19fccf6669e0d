import { RouteConfig } from '@nestjs/platform-fastify';
import type { FastifyContextConfig } from 'fastify';

const routeConfigKey = Symbol('hms:route-config');

/**
 * Declares something about a route where hooks find it before the body is read: on the Fastify route itself. Adds to
 * what other decorators declared; Nest's own `RouteConfig` would replace it.
 */
export function extendRouteConfig(part: FastifyContextConfig): MethodDecorator {
  return (target, key, descriptor) => {
    const handler = descriptor.value as object;
    const config = { ...(Reflect.getMetadata(routeConfigKey, handler) as FastifyContextConfig | undefined), ...part };
    Reflect.defineMetadata(routeConfigKey, config, handler);
    RouteConfig(config)(target, key, descriptor);
  };
}
