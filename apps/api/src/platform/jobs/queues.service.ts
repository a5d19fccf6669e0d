import { Inject, Injectable, type BeforeApplicationShutdown } from '@nestjs/common';
import { connectRedis, type Logger } from '@hms/service-kit';
import { Queue, Worker, type Job as QueuedJob, type WorkerOptions } from 'bullmq';
import { Redis } from 'ioredis';
import { ApiConfig } from '../config/api-config.js';
import { rootLogger } from '../observability/observability.tokens.js';

/** The hash tag keeps every queue on one node of a cluster. */
export const queuePrefix = '{hms}';
/** Redis set of the queues that workers serve. */
export const knownQueuesKey = `${queuePrefix}:queues`;

/** Every queue of a worker process. Redis may lose all of it at any time: what must not be lost is in PostgreSQL. */
@Injectable()
export class Queues implements BeforeApplicationShutdown {
  /** Commands on it fail at once while Redis is away. */
  readonly #producer: Redis;
  readonly #blocking: Redis;
  readonly #queues = new Map<string, Queue>();
  readonly #workers: Worker[] = [];

  constructor(
    config: ApiConfig,
    @Inject(rootLogger) private readonly logger: Logger,
  ) {
    this.#producer = connectRedis(config.redisUrl, logger);
    // BullMQ waits in blocking commands, so its connections never give up on one.
    this.#blocking = new Redis(config.redisUrl, {
      maxRetriesPerRequest: null,
      retryStrategy: (attempt) => Math.min(50 * 2 ** attempt, 2_000),
    });
    // Redis being away is reported by the connection for commands, once.
    this.#blocking.on('error', (err) => this.logger.debug({ err }, 'job queue'));
  }

  get ready(): boolean {
    return this.#producer.status === 'ready';
  }

  /** Calls back now if Redis is there, and after every return of Redis: it may have lost everything. */
  onReady(callback: () => void): void {
    if (this.ready) callback();
    this.#producer.on('ready', callback);
  }

  /** Does the jobs of a queue, `concurrency` at a time. */
  work(name: string, run: (job: QueuedJob<unknown, unknown>) => Promise<void>, options: Partial<WorkerOptions>): void {
    const worker = new Worker(name, run, { ...options, connection: this.#blocking, prefix: queuePrefix });
    worker.on('error', (err) => this.logger.debug({ err }, 'job queue'));
    worker.on('failed', (job, err) => {
      this.logger.error({ err, queue: name, job: job?.name, attempt: job?.attemptsMade }, 'job failed');
    });
    this.#workers.push(worker);
    this.onReady(() => void this.#producer.sadd(knownQueuesKey, name).catch(() => undefined));
  }

  /** Puts something on a queue. After a failure the next call starts with a fresh queue. */
  async produce(name: string, produce: (queue: Queue) => Promise<unknown>): Promise<void> {
    const queue = this.#queues.get(name) ?? new Queue(name, { connection: this.#producer, prefix: queuePrefix });
    if (!this.#queues.has(name)) queue.on('error', (err) => this.logger.debug({ err }, 'job queue'));
    this.#queues.set(name, queue);
    try {
      await produce(queue);
    } catch (err) {
      this.#queues.delete(name);
      await queue.close().catch(() => undefined);
      throw err;
    }
  }

  /** Lets running jobs finish while there is a Redis to tell. */
  async beforeApplicationShutdown(): Promise<void> {
    const force = !this.ready || this.#blocking.status !== 'ready';
    await Promise.all(this.#workers.map((worker) => worker.close(force)));
    this.#producer.disconnect();
    this.#blocking.disconnect();
  }
}
