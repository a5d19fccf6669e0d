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

/** The queues as one process reaches them. Redis may lose all of it at any time: what must not be lost is in PostgreSQL. */
@Injectable()
export class Queues implements BeforeApplicationShutdown {
  /** Commands on it fail at once while Redis is away. */
  readonly #producer: Redis;
  #blocking: Redis | undefined;
  readonly #queues = new Map<string, Queue>();
  readonly #workers: Worker[] = [];

  constructor(
    private readonly config: ApiConfig,
    @Inject(rootLogger) private readonly logger: Logger,
  ) {
    this.#producer = connectRedis(config.redisUrl, logger);
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
    const worker = new Worker(name, run, { ...options, connection: this.#connectBlocking(), prefix: queuePrefix });
    worker.on('error', (err) => this.logger.debug({ err }, 'job queue'));
    worker.on('failed', (job, err) => {
      this.logger.error({ err, queue: name, job: job?.name, attempt: job?.attemptsMade }, 'job failed');
    });
    this.#workers.push(worker);
    this.onReady(() => void this.#producer.sadd(knownQueuesKey, name).catch(() => undefined));
  }

  /** Puts something on a queue. After a failure the next call starts with a fresh queue. */
  async produce(name: string, produce: (queue: Queue) => Promise<unknown>): Promise<void> {
    const queue = this.#queue(name);
    try {
      await produce(queue);
    } catch (err) {
      this.#queues.delete(name);
      await queue.close().catch(() => undefined);
      throw err;
    }
  }

  /** The queues that workers serve, in the order of their names. Rejects while Redis is away. */
  async known(): Promise<Queue[]> {
    return (await this.#producer.smembers(knownQueuesKey)).sort().map((name) => this.#queue(name));
  }

  /** Lets running jobs finish while there is a Redis to tell. */
  async beforeApplicationShutdown(): Promise<void> {
    const force = !this.ready || this.#blocking?.status !== 'ready';
    await Promise.all(this.#workers.map((worker) => worker.close(force)));
    this.#producer.disconnect();
    this.#blocking?.disconnect();
  }

  #queue(name: string): Queue {
    const known = this.#queues.get(name);
    if (known) return known;
    const queue = new Queue(name, { connection: this.#producer, prefix: queuePrefix });
    queue.on('error', (err) => this.logger.debug({ err }, 'job queue'));
    this.#queues.set(name, queue);
    return queue;
  }

  /** BullMQ waits in blocking commands, so its connections never give up on one. */
  #connectBlocking(): Redis {
    if (this.#blocking) return this.#blocking;
    this.#blocking = new Redis(this.config.redisUrl, {
      maxRetriesPerRequest: null,
      retryStrategy: (attempt) => Math.min(50 * 2 ** attempt, 2_000),
    });
    // Redis being away is reported by the connection for commands, once.
    this.#blocking.on('error', (err) => this.logger.debug({ err }, 'job queue'));
    return this.#blocking;
  }
}
