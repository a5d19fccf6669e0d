import 'reflect-metadata';
import { ApiConfig } from './platform/config/api-config.js';

// Before the rest is loaded: what may not start says so at once.
const config = new ApiConfig(process.env);
const [{ createApplication }, { runHttpService }] = await Promise.all([
  import('./application.js'),
  import('./platform/http/run-http-service.js'),
]);
await runHttpService(await createApplication(config), config);
