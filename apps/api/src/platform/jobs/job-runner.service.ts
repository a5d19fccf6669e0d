import { Inject, Injectable, type BeforeApplicationShutdown, type OnApplicationBootstrap } from '@nestjs/common';
import { Counter, Histogram, type Logger, type Registry } from '@hms/service-kit';
import { UnrecoverableError, type Job as QueuedJob, type JobsOptions, type Queue } from 'bullmq';
import { metricsRegistry, rootLogger } from '../observability/observability.tokens.js';
import { JobRegistry, type Job } from './job.js';
import { Queues } from './queues.service.js';

const queueName = 'jobs';
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
  #retry: NodeJS.Timeout | undefined;
  #stopped = false;

  constructor(
    private readonly queues: Queues,
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
    this.queues.work(queueName, (job) => this.#run(job), { concurrency });
    // After every return of Redis: it may have lost the schedule.
    this.queues.onReady(() => void this.#schedule());
  }

  beforeApplicationShutdown(): void {
    this.#stopped = true;
    clearTimeout(this.#retry);
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

  async #schedule(): Promise<void> {
    clearTimeout(this.#retry);
    try {
      for (const job of this.jobs.all) await this.queues.produce(queueName, (queue) => scheduleJob(queue, job));
    } catch (err) {
      this.logger.warn({ err }, 'jobs not scheduled yet');
      if (!this.#stopped) this.#retry = setTimeout(() => void this.#schedule(), rescheduleAfterMs);
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
