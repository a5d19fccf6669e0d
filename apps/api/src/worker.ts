import 'reflect-metadata';
import { ApiConfig } from './platform/config/api-config.js';

// Before the rest is loaded: what may not start says so at once.
const config = new ApiConfig(process.env);
const [{ createWorker }, { runHttpService }] = await Promise.all([
  import('./worker.application.js'),
  import('./platform/http/run-http-service.js'),
]);
await runHttpService(await createWorker(config), config);
