import { Worker } from 'node:worker_threads';
import { commonError } from '@hms/contracts';
import type { Hospital } from '../../hospitals/hospital.js';
import type { BatchFormat, BatchOf, DecodingJob } from './decoding-job.js';
import { batchOf, type Outcome } from './outcome.js';

/** Of the thread: enough for a body of 8 MiB, whatever it is made of. */
const heapMb = 256;
/** The largest bodies take some tenths of a second. */
const longestMs = 5_000;

export type DecodingWorker = Pick<Worker, 'on' | 'postMessage' | 'terminate'>;

export interface DecodingThreadParts {
  readonly startWorker: () => DecodingWorker;
  /** Told why, when it was not to end. */
  readonly onDied: (err: unknown) => void;
}

export const startDecodeWorker = (): DecodingWorker =>
  new Worker(new URL('./decode.worker.js', import.meta.url), {
    resourceLimits: { maxOldGenerationSizeMb: heapMb },
  });

interface Waiting {
  readonly job: DecodingJob;
  readonly answer: (outcome: Outcome) => void;
  readonly fail: (reason: unknown) => void;
}

/**
 * Decodes large bodies beside the event loop, one at a time; hospitals take turns. What waits is bounded by who lets bodies
 * in. The thread is started with the first job, and again after it died.
 */
export class DecodingThread {
  /** First the hospital whose turn it is. */
  readonly #waiting = new Map<Hospital, Waiting[]>();
  #worker: DecodingWorker | undefined;
  #current: Waiting | undefined;
  #late: NodeJS.Timeout | undefined;
  #stopped = false;

  constructor(private readonly parts: DecodingThreadParts) {}

  /**
   * Takes the job's body over: nobody else can read it afterwards.
   * @throws AppError as decoding does; 413 when it takes too long, so that clients split it; 503 when the thread died of it, or is
   * stopped
   */
  async decode<Format extends BatchFormat>(hospital: Hospital, job: DecodingJob<Format>): Promise<BatchOf[Format]> {
    if (this.#stopped) throw commonError('service.unavailable');
    const outcome = await new Promise<Outcome>((answer, fail) => {
      const waiting = { job, answer, fail };
      const before = this.#waiting.get(hospital);
      if (before) before.push(waiting);
      else this.#waiting.set(hospital, [waiting]);
      this.#next();
    });
    // What comes back is what the decoder of that format made.
    return batchOf(outcome) as BatchOf[Format];
  }

  /** What it has not read yet is answered 503. */
  async stop(): Promise<void> {
    this.#stopped = true;
    const worker = this.#worker;
    const left = [this.#current, ...[...this.#waiting.values()].flat()];
    this.#waiting.clear();
    this.#worker = undefined;
    this.#takeCurrent();
    for (const waiting of left) waiting?.fail(commonError('service.unavailable'));
    await worker?.terminate();
  }

  #next(): void {
    if (this.#current) return;
    const [turn] = this.#waiting;
    if (!turn) return;
    const [hospital, jobs] = turn;
    this.#current = jobs.shift();
    this.#waiting.delete(hospital);
    if (jobs.length > 0) this.#waiting.set(hospital, jobs);
    if (this.#current) this.#send(this.#current);
  }

  #send({ job, fail }: Waiting): void {
    try {
      this.#worker ??= this.#start();
      this.#worker.postMessage(job, [job.body.buffer]);
      this.#late = setTimeout(() => this.#tookTooLong(), longestMs).unref();
    } catch (cause) {
      this.#current = undefined;
      this.parts.onDied(cause);
      fail(commonError('service.unavailable', { cause }));
      this.#next();
    }
  }

  #start(): DecodingWorker {
    const worker = this.parts.startWorker();
    let reason: unknown;
    worker.on('message', (outcome: Outcome) => this.#answered(worker, outcome));
    worker.on('error', (err) => (reason = err));
    worker.on('messageerror', (err) => {
      reason = err;
      void worker.terminate();
    });
    worker.on('exit', (code) => this.#died(worker, reason ?? new Error(`the decoding thread ended with ${code}`)));
    return worker;
  }

  #answered(worker: DecodingWorker, outcome: Outcome): void {
    if (this.#worker !== worker) return;
    this.#takeCurrent()?.answer(outcome);
    this.#next();
  }

  /** Only what it was reading is lost with it. */
  #died(worker: DecodingWorker, cause: unknown): void {
    if (this.#worker !== worker) return;
    this.#replace(cause, commonError('service.unavailable', { cause }));
  }

  #tookTooLong(): void {
    const worker = this.#worker;
    const refusal = commonError('body.too-large', { detail: 'It takes too long to read. Send it in parts.' });
    this.#replace(new Error(`a body was not read within ${longestMs} ms`), refusal);
    void worker?.terminate();
  }

  /** What waits is read by the next one. */
  #replace(reason: unknown, refusal: Error): void {
    this.#worker = undefined;
    const lost = this.#takeCurrent();
    this.parts.onDied(reason);
    lost?.fail(refusal);
    this.#next();
  }

  #takeCurrent(): Waiting | undefined {
    clearTimeout(this.#late);
    const current = this.#current;
    this.#current = undefined;
    return current;
  }
}
