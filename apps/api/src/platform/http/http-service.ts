import type { DynamicModule } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import type { Logger, Registry } from '@hms/service-kit';
import type { FastifyInstance } from 'fastify';
import { enforceAccess } from '../access/access.hook.js';
import { Authenticator } from '../access/authenticator.service.js';
import { RouteInventory, type RouteAccess } from '../access/route-inventory.js';
import { SessionActivity } from '../access/session-activity.service.js';
import { declaresAudit } from '../audit/audit-check.js';
import { auditAnswers } from '../audit/audit.hook.js';
import { AuditTrail } from '../audit/audit-trail.service.js';
import { declaresIdempotency } from '../idempotency/idempotency-check.js';
import { readIdempotencyKeys } from '../idempotency/idempotency.hook.js';
import type { ApiConfig } from '../config/api-config.js';
import { limitActors, limitAddresses } from '../limits/limits.hook.js';
import { RateLimits } from '../limits/rate-limits.service.js';
import { measureRequests } from '../observability/http-metrics.js';
import { NestLogger } from '../observability/nest-logger.js';
import { metricsRegistry, rootLogger } from '../observability/observability.tokens.js';
import { AllowedMethods } from './allowed-methods.js';
import { createAdapter, protectResponses } from './http-setup.js';
import { raiseInputWalls } from './input-walls.js';

export interface HttpService {
  readonly nest: NestFastifyApplication;
  readonly routes: readonly RouteAccess[];
  readonly logger: Logger;
}

/**
 * Builds a process of this package around its root module, ready to listen.
 * @param prepare is given the application before it is initialised
 * @throws an Error when any route does not declare who may use it
 */
export async function createHttpService(
  module: DynamicModule,
  config: ApiConfig,
  prepare: (nest: NestFastifyApplication) => void = () => undefined,
): Promise<HttpService> {
  const adapter = createAdapter(config.trustedProxies);
  const fastify = adapter.getInstance<FastifyInstance>();
  const allowed = new AllowedMethods(fastify);
  const inventory = new RouteInventory(fastify, [declaresAudit, declaresIdempotency]);
  await protectResponses(adapter);
  const nest = await NestFactory.create<NestFastifyApplication>(module, adapter, {
    bufferLogs: true,
    abortOnError: false,
    bodyParser: false,
  });
  const logger = nest.get<Logger>(rootLogger);
  nest.useLogger(new NestLogger(logger));
  measureRequests(fastify, nest.get<Registry>(metricsRegistry));
  const limits = nest.get(RateLimits);
  limitAddresses(fastify, limits);
  enforceAccess(fastify, nest.get(Authenticator), nest.get(SessionActivity));
  limitActors(fastify, limits);
  raiseInputWalls(fastify, allowed);
  auditAnswers(fastify, nest.get(AuditTrail));
  readIdempotencyKeys(fastify);
  prepare(nest);
  await nest.init();
  await fastify.ready();
  return { nest, routes: inventory.verified(), logger };
}
