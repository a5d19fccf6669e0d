import { parentPort } from 'node:worker_threads';
import type { DecodingJob } from './decoding-job.js';
import { buffersOf, outcomeOf } from './outcome.js';

/** The thread that reads large bodies: one outcome for each job. */
parentPort?.on('message', (job: DecodingJob) => {
  const outcome = outcomeOf(job);
  parentPort?.postMessage(outcome, buffersOf(outcome));
});
