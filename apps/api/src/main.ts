import 'reflect-metadata';
import { createApplication } from './application.js';
import { ApiConfig } from './platform/config/api-config.js';
import { runHttpService } from './platform/http/run-http-service.js';

const config = new ApiConfig(process.env);
await runHttpService(await createApplication(config), config);
