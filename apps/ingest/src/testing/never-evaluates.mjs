import { FlushWriter } from '../../dist/telemetry/store/flush-writer.js';
import { startWithWriter } from './service-with-writer.mjs';

/** Dies, as it were, after each commit: nothing that follows one ever happens. */
await startWithWriter((parts) => new FlushWriter({ ...parts, onCommitted: () => undefined }));
