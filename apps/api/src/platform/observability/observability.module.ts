import { Global, Module } from '@nestjs/common';
import { createLogger, createMetrics } from '@hms/service-kit';
import { ApiConfig } from '../config/api-config.js';
import { HealthController } from './health.controller.js';
import { metricsRegistry, rootLogger } from './observability.tokens.js';
import { ReadinessService } from './readiness.service.js';

@Global()
@Module({
  controllers: [HealthController],
  providers: [
    ReadinessService,
    {
      provide: rootLogger,
      inject: [ApiConfig],
      useFactory: (config: ApiConfig) => createLogger('api', config.logLevel),
    },
    { provide: metricsRegistry, useFactory: () => createMetrics('api') },
  ],
  exports: [ReadinessService, rootLogger, metricsRegistry],
})
export class ObservabilityModule {}
