import { Inject, Injectable, type OnApplicationShutdown } from '@nestjs/common';
import { connectRedis, Gauge, type Logger, type Registry } from '@hms/service-kit';
import type { Redis } from 'ioredis';
import { ApiConfig } from '../config/api-config.js';
import { metricsRegistry, rootLogger } from '../observability/observability.tokens.js';

/** How long a request may wait for the count, once: then nobody waits until Redis is known to answer. */
const patienceMs = 40;
const probeEveryMs = 500;

/**
 * Redis as the limits use it: a connection of its own, left alone from the first command that fails until one sent in
 * the background is answered again. A store in trouble is never a reason to refuse a request.
 */
@Injectable()
export class LimitStore implements OnApplicationShutdown {
  readonly redis: Redis;
  #avoided = false;
  #probe: NodeJS.Timeout | undefined;

  constructor(
    config: ApiConfig,
    @Inject(rootLogger) private readonly logger: Logger,
    @Inject(metricsRegistry) registry: Registry,
  ) {
    const retryStrategy = (attempt: number): number => Math.min(50 * 2 ** attempt, 1_000);
    this.redis = connectRedis(config.redisUrl, logger, { retryStrategy });
    const gauge = new Gauge({
      name: 'rate_limit_store_up',
      help: '1 while processes count together in Redis, 0 while each counts for itself',
      registers: [registry],
      collect: () => {
        gauge.set(this.isUp ? 1 : 0);
      },
    });
  }

  get isUp(): boolean {
    return !this.#avoided && this.redis.status === 'ready';
  }

  /** @throws an Error when `work` fails or is not done in time */
  inTime<T>(work: Promise<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      // An answer that came while this process was busy is read after the timers and before the immediates.
      const late = () => setImmediate(() => reject(new Error('Redis did not answer in time')));
      const timer = setTimeout(late, patienceMs);
      work.then(resolve, reject).finally(() => clearTimeout(timer));
    });
  }

  /** Somebody's command failed or was not answered in time. */
  avoid(cause: unknown): void {
    if (this.#avoided) return;
    this.#avoided = true;
    this.logger.warn({ err: cause }, 'rate limits counted in this process alone');
    this.#probeLater();
  }

  onApplicationShutdown(): void {
    clearTimeout(this.#probe);
    this.redis.disconnect();
  }

  #probeLater(): void {
    this.#probe = setTimeout(() => {
      this.inTime(this.redis.ping()).then(
        () => this.#return(),
        () => this.#probeLater(),
      );
    }, probeEveryMs).unref();
  }

  #return(): void {
    this.#avoided = false;
    this.logger.info('rate limits counted in Redis again');
  }
}
