import { Lifecycle } from '@hms/service-kit';
import type { ApiConfig } from '../config/api-config.js';
import { ReadinessService } from '../observability/readiness.service.js';
import type { HttpService } from './http-service.js';

/** Listens until the process is told to stop; then says so to the load balancer first, and ends what was started. */
export async function runHttpService({ nest, logger }: HttpService, config: ApiConfig): Promise<void> {
  await nest.get(ReadinessService).refuseTooManyRights();
  const lifecycle = new Lifecycle(logger);
  lifecycle.onStop('application', () => nest.close());
  lifecycle.onStop('readiness', () => nest.get(ReadinessService).drain());
  lifecycle.listen();
  await nest.listen({ host: config.host, port: config.port });
  logger.info({ port: config.port }, 'listening');
}
