import { createLogger, createMetrics, Lifecycle } from '@hms/service-kit';
import { loadConfig } from './config.js';
import { startIngest } from './ingest.js';

const config = loadConfig(process.env);
const logger = createLogger('ingest', config.logLevel);
const lifecycle = new Lifecycle(logger);
lifecycle.listen();
try {
  await startIngest({ config, logger, registry: createMetrics('ingest'), lifecycle });
} catch (err) {
  logger.fatal({ err }, 'cannot start');
  process.exit(1);
}
