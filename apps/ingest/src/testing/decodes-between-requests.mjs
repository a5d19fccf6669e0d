import { decodeJob } from '../../dist/telemetry/decoding/decoding-job.js';
import { DecodingThread } from '../../dist/telemetry/decoding/decoding-thread.js';

DecodingThread.prototype.decode = async (_, job) => decodeJob(job);

await import('../../dist/main.js');
