import { Inject, Injectable, type BeforeApplicationShutdown, type OnApplicationBootstrap } from '@nestjs/common';
import { connectRedis, Counter, Histogram, type Logger, type Registry } from '@hms/service-kit';
import { Queue, UnrecoverableError, Worker, type Job as QueuedJob, type JobsOptions } from 'bullmq';
import { Redis } from 'ioredis';
import { ApiConfig } from '../config/api-config.js';
import { metricsRegistry, rootLogger } from '../observability/observability.tokens.js';
import { JobRegistry, type Job } from './job.js';

const queueName = 'jobs';
/** The hash tag keeps the queue on one node of a cluster. */
const prefix = '{hms}';
const concurrency = 4;
const rescheduleAfterMs = 5_000;
/** Workers that start together, or a Redis that comes and goes, do the first round once. */
const firstRoundPerMs = 60_000;
const kept = { removeOnComplete: { age: 3_600 }, removeOnFail: { age: 7 * 24 * 3_600, count: 1_000 } };

/** Does the jobs of the registry. Without Redis it waits, and goes on when Redis is there. */
@Injectable()
export class JobRunner implements OnApplicationBootstrap, BeforeApplicationShutdown {
  readonly #outcomes: Counter<'job' | 'outcome'>;
  readonly #duration: Histogram<'job'>;
  readonly #connections: Redis[] = [];
  #worker: Worker | undefined;
  #retry: NodeJS.Timeout | undefined;
  #stopped = false;

  constructor(
    private readonly config: ApiConfig,
    private readonly jobs: JobRegistry,
    @Inject(rootLogger) private readonly logger: Logger,
    @Inject(metricsRegistry) registry: Registry,
  ) {
    const registers = [registry];
    this.#outcomes = new Counter({
      name: 'jobs_total',
      help: 'Tries of background jobs',
      labelNames: ['job', 'outcome'],
      registers,
    });
    this.#duration = new Histogram({
      name: 'job_duration_seconds',
      help: 'How long one try of a job took',
      labelNames: ['job'],
      buckets: [0.01, 0.1, 0.5, 1, 5, 30, 120],
      registers,
    });
  }

  onApplicationBootstrap(): void {
    // BullMQ waits in blocking commands, so its connections never give up on one.
    const connection = new Redis(this.config.redisUrl, {
      maxRetriesPerRequest: null,
      retryStrategy: (attempt) => Math.min(50 * 2 ** attempt, 2_000),
    });
    this.#connections.push(connection);
    this.#worker = new Worker(queueName, (job) => this.#run(job), { connection, prefix, concurrency });
    // Redis being away is reported by the connection for commands, once.
    this.#worker.on('error', (err) => this.logger.debug({ err }, 'job queue'));
    this.#worker.on('failed', (job, err) => {
      this.logger.error({ err, job: job?.name, attempt: job?.attemptsMade }, 'job failed');
    });
    const producer = connectRedis(this.config.redisUrl, this.logger);
    // After every return of Redis: it may have lost the schedule.
    producer.on('ready', () => void this.#schedule(producer));
    this.#connections.push(producer);
  }

  /** Lets running jobs finish while there is a Redis to tell. */
  async beforeApplicationShutdown(): Promise<void> {
    this.#stopped = true;
    clearTimeout(this.#retry);
    await this.#worker?.close(this.#connections.some(({ status }) => status !== 'ready'));
    for (const connection of this.#connections) connection.disconnect();
  }

  async #run({ name, data }: QueuedJob<unknown, unknown>): Promise<void> {
    const job = this.jobs.find(name);
    if (!job) throw new UnrecoverableError(`nobody here knows the job ${name}`);
    const stop = this.#duration.startTimer({ job: name });
    try {
      await job.run(job.data.parse(data));
      this.#outcomes.inc({ job: name, outcome: 'done' });
    } catch (err) {
      this.#outcomes.inc({ job: name, outcome: 'failed' });
      throw err;
    } finally {
      stop();
    }
  }

  async #schedule(connection: Redis): Promise<void> {
    clearTimeout(this.#retry);
    const queue = new Queue(queueName, { connection, prefix });
    queue.on('error', (err) => this.logger.debug({ err }, 'job queue'));
    try {
      for (const job of this.jobs.all) await scheduleJob(queue, job);
    } catch (err) {
      this.logger.warn({ err }, 'jobs not scheduled yet');
      if (!this.#stopped) this.#retry = setTimeout(() => void this.#schedule(connection), rescheduleAfterMs);
    } finally {
      await queue.close().catch(() => undefined);
    }
  }
}

async function scheduleJob(queue: Queue, job: Job): Promise<void> {
  const { name, attempts, backoffMs, schedule } = job;
  if (!schedule) return;
  const { everyMs, data } = schedule;
  const opts: JobsOptions = { attempts, backoff: { type: 'exponential', delay: backoffMs }, ...kept };
  await queue.upsertJobScheduler(name, { every: everyMs }, { name, data, opts });
  await queue.add(name, data, { ...opts, deduplication: { id: `${name}-start`, ttl: firstRoundPerMs } });
}
