import { createLogger, createMetrics, Lifecycle } from '@hms/service-kit';
import { loadConfig } from '../../dist/config.js';
import { startIngest } from '../../dist/ingest.js';

/** The service as main.js starts it, but for how it writes: what the controls of the tests do wrong. */
export async function startWithWriter(createWriter) {
  const config = loadConfig(process.env);
  const logger = createLogger('ingest', config.logLevel);
  const lifecycle = new Lifecycle(logger);
  lifecycle.listen();
  await startIngest({ config, logger, registry: createMetrics('ingest'), lifecycle, createWriter });
}
