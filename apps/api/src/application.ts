import type { Type } from '@nestjs/common';
import { DiscoveryService } from '@nestjs/core';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { AppModule } from './app.module.js';
import { LiveSocketAdapter } from './features/live/live-socket.adapter.js';
import { undeclaredSocketEvents } from './features/live/undeclared-socket-events.js';
import type { ApiConfig } from './platform/config/api-config.js';
import { ApiDocument } from './platform/docs/api-document.js';
import { describeApi } from './platform/docs/openapi.js';
import { ConnectionLimit } from './platform/limits/connection-limit.service.js';
import { Queues } from './platform/jobs/queues.service.js';
import { serveQueueBoard } from './platform/queue-board/queue-board.js';
import { createHttpService, type HttpService } from './platform/http/http-service.js';

export type Application = HttpService;

/**
 * Builds the API, ready to listen.
 * @param features further ones, beside those of the platform
 * @throws an Error when any route or socket event does not declare who may use it
 */
export async function createApplication(config: ApiConfig, features: readonly Type[] = []): Promise<Application> {
  const service = await createHttpService(AppModule.with(config, features), config, (nest) => {
    prepareSockets(nest, config);
    serveQueueBoard(nest.getHttpAdapter().getInstance(), nest.get(Queues, { strict: false }));
  });
  service.nest.get(ApiDocument, { strict: false }).from(() => describeApi(service.nest));
  return service;
}

function prepareSockets(nest: NestFastifyApplication, config: ApiConfig): void {
  nest.useWebSocketAdapter(new LiveSocketAdapter(nest, config.allowedOrigins, nest.get(ConnectionLimit)));
  const undeclared = undeclaredSocketEvents(nest.get(DiscoveryService, { strict: false }));
  if (undeclared.length > 0) throw new Error(`Refusing to start, undeclared socket events: ${undeclared.join(', ')}`);
}
