import 'reflect-metadata';
import { ApiConfig } from './platform/config/api-config.js';
import { runHttpService } from './platform/http/run-http-service.js';
import { createWorker } from './worker.application.js';

const config = new ApiConfig(process.env);
await runHttpService(await createWorker(config), config);
