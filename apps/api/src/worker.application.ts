import type { ApiConfig } from './platform/config/api-config.js';
import { createHttpService, type HttpService } from './platform/http/http-service.js';
import { WorkerModule } from './worker.module.js';

/** Builds the worker: no API, only its jobs and what tells that it lives. */
export const createWorker = (config: ApiConfig): Promise<HttpService> =>
  createHttpService(WorkerModule.with(config), config);
