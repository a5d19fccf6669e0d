import { FlushWriter } from '../../dist/telemetry/store/flush-writer.js';
import { startWithWriter } from './service-with-writer.mjs';

class Hasty extends FlushWriter {
  write(submissions) {
    for (const submission of submissions) submission.answerStored();
    return super.write(submissions);
  }
}

await startWithWriter((parts) => new Hasty(parts));
