import 'reflect-metadata';
import { ApiConfig } from './platform/config/api-config.js';

// Before the rest is loaded: what may not start says so at once.
const config = new ApiConfig(process.env);
const [{ createApplication }, { runHttpService }, { ApiDocument }] = await Promise.all([
  import('./application.js'),
  import('./platform/http/run-http-service.js'),
  import('./platform/docs/api-document.js'),
]);
const application = await createApplication(config);
// Before anybody waits for an answer: it takes its time.
application.nest.get(ApiDocument, { strict: false }).get();
await runHttpService(application, config);
