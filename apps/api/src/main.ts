import 'reflect-metadata';
import { Lifecycle } from '@hms/service-kit';
import { createApplication } from './application.js';
import { ApiConfig } from './platform/config/api-config.js';
import { ReadinessService } from './platform/observability/readiness.service.js';

const config = new ApiConfig(process.env);
const { nest, logger } = await createApplication(config);
const lifecycle = new Lifecycle(logger);
lifecycle.onStop('application', () => nest.close());
lifecycle.onStop('readiness', () => nest.get(ReadinessService).drain());
lifecycle.listen();
await nest.listen({ host: config.host, port: config.port });
logger.info({ port: config.port }, 'listening');
