import { DiscoveryService, NestFactory } from '@nestjs/core';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import type { Logger, Registry } from '@hms/service-kit';
import type { FastifyInstance } from 'fastify';
import { AppModule } from './app.module.js';
import { LiveSocketAdapter } from './features/live/live-socket.adapter.js';
import { undeclaredSocketEvents } from './features/live/undeclared-socket-events.js';
import { enforceAccess, RouteInventory, type RouteAccess } from './platform/access/access.hook.js';
import { Authenticator } from './platform/access/authenticator.service.js';
import type { ApiConfig } from './platform/config/api-config.js';
import { ApiDocument } from './platform/docs/api-document.js';
import { describeApi } from './platform/docs/openapi.js';
import { createAdapter, protectResponses } from './platform/http/http-setup.js';
import { measureRequests } from './platform/observability/http-metrics.js';
import { NestLogger } from './platform/observability/nest-logger.js';
import { metricsRegistry, rootLogger } from './platform/observability/observability.tokens.js';

export interface Application {
  readonly nest: NestFastifyApplication;
  readonly routes: readonly RouteAccess[];
  readonly logger: Logger;
}

/**
 * Builds the API, ready to listen.
 * @throws an Error when any route or socket event does not declare who may use it
 */
export async function createApplication(config: ApiConfig): Promise<Application> {
  const adapter = createAdapter();
  const fastify = adapter.getInstance<FastifyInstance>();
  const inventory = new RouteInventory(fastify);
  await protectResponses(adapter);
  const nest = await NestFactory.create<NestFastifyApplication>(AppModule.with(config), adapter, {
    bufferLogs: true,
    abortOnError: false,
  });
  const logger = nest.get<Logger>(rootLogger);
  nest.useLogger(new NestLogger(logger));
  measureRequests(fastify, nest.get<Registry>(metricsRegistry));
  enforceAccess(fastify, nest.get(Authenticator));
  nest.useWebSocketAdapter(new LiveSocketAdapter(nest, config.allowedOrigins));
  const undeclared = undeclaredSocketEvents(nest.get(DiscoveryService, { strict: false }));
  if (undeclared.length > 0) throw new Error(`Refusing to start, undeclared socket events: ${undeclared.join(', ')}`);
  await nest.init();
  await fastify.ready();
  nest.get(ApiDocument, { strict: false }).set(describeApi(nest));
  return { nest, routes: inventory.verified(), logger };
}
