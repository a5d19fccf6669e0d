import { createLogger, createMetrics, Lifecycle } from '@hms/service-kit';
import { loadConfig } from './config.js';
import { startIngest } from './ingest.js';

const config = loadConfig(process.env);
const logger = createLogger('ingest', config.logLevel);
const lifecycle = new Lifecycle(logger);
// Node's own report would quote what the driver quotes: rows.
process.on('uncaughtException', (err, origin) => {
  logger.fatal({ err, origin }, 'cannot go on');
  process.exit(1);
});
lifecycle.listen();
try {
  await startIngest({ config, logger, registry: createMetrics('ingest'), lifecycle });
} catch (err) {
  logger.fatal({ err }, 'cannot start');
  process.exit(1);
}
