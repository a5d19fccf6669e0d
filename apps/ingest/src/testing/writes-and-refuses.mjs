import { telemetryError } from '@hms/contracts';
import { FlushWriter } from '../../dist/telemetry/store/flush-writer.js';
import { startWithWriter } from './service-with-writer.mjs';

/** Stores all it is given, and says that it did not. */
class Denying extends FlushWriter {
  write(submissions) {
    for (const submission of submissions) {
      submission.answerStored = () => submission.fail(telemetryError('telemetry.not-storable'));
    }
    return super.write(submissions);
  }
}

await startWithWriter((parts) => new Denying(parts));
