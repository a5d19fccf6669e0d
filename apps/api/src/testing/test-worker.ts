import { Module, type INestApplicationContext } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { ApiConfig } from '../platform/config/api-config.js';
import { ConfigModule } from '../platform/config/config.module.js';
import { DatabaseModule } from '../platform/database/database.module.js';
import type { EventConsumer } from '../platform/events/event-consumer.js';
import { EventsModule } from '../platform/events/events.module.js';
import { RelayModule } from '../platform/events/relay.module.js';
import { ObservabilityModule } from '../platform/observability/observability.module.js';

@Module({})
class TestConsumers {}

@Module({})
class TestWorkerModule {}

/** A worker that relays events to these consumers and does nothing else. */
export function startTestWorker(
  consumers: readonly EventConsumer[],
  env: NodeJS.ProcessEnv = process.env,
): Promise<INestApplicationContext> {
  const config = new ApiConfig({ ...env, NODE_ENV: 'test', LOG_LEVEL: 'silent', PORT: '1' });
  const tokens = consumers.map(({ name }) => name);
  const providers = consumers.map((consumer) => ({ provide: consumer.name, useValue: consumer }));
  const imports = [
    ConfigModule.with(config),
    ObservabilityModule.of('worker'),
    DatabaseModule,
    EventsModule,
    RelayModule.serving(tokens, [{ module: TestConsumers, providers, exports: tokens }]),
  ];
  return NestFactory.createApplicationContext({ module: TestWorkerModule, imports }, { logger: false });
}
