import { Global, Module, type DynamicModule } from '@nestjs/common';
import { createLogger, createMetrics } from '@hms/service-kit';
import { ApiConfig } from '../config/api-config.js';
import { HealthController } from './health.controller.js';
import { metricsRegistry, rootLogger } from './observability.tokens.js';
import { ReadinessService } from './readiness.service.js';

@Global()
@Module({})
export class ObservabilityModule {
  /** Logs, metrics and health of a process, under the name of its service. */
  static of(service: string): DynamicModule {
    return {
      module: ObservabilityModule,
      controllers: [HealthController],
      providers: [
        ReadinessService,
        {
          provide: rootLogger,
          inject: [ApiConfig],
          useFactory: (config: ApiConfig) => createLogger(service, config.logLevel),
        },
        { provide: metricsRegistry, useFactory: () => createMetrics(service) },
      ],
      exports: [ReadinessService, rootLogger, metricsRegistry],
    };
  }
}
