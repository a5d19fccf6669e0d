import { Inject, Injectable, type OnApplicationShutdown } from '@nestjs/common';
import { connectRedis, type Logger } from '@hms/service-kit';
import type { Redis } from 'ioredis';
import { ApiConfig } from '../config/api-config.js';
import { rootLogger } from '../observability/observability.tokens.js';
import { LinkHealth } from './link-health.js';
import { within } from './within.js';

const answerWithinMs = 50;
const probeEvery = 200;
const longestReconnectPause = 500;
/** More than the longest time from Redis being back to a process knowing it. */
const settleMs = 2_000;

/**
 * Redis as the cache uses it: a call takes 50 ms at most, and after the first that failed there are none until a probe
 * in the background was answered. Commands of one tick of the event loop travel together.
 */
@Injectable()
export class CacheLink implements OnApplicationShutdown {
  readonly #redis: Redis;
  readonly #health = new LinkHealth(settleMs, () => performance.now());
  readonly #logger: Logger;
  #catchUp: () => Promise<void> = () => Promise.resolve();
  #probe: NodeJS.Timeout | undefined;

  constructor(config: ApiConfig, @Inject(rootLogger) logger: Logger) {
    this.#logger = logger.child({ part: 'cache' });
    this.#redis = connectRedis(config.redisUrl, this.#logger, {
      enableAutoPipelining: true,
      retryStrategy: (attempt) => Math.min(50 * 2 ** attempt, longestReconnectPause),
    });
    this.#redis.on('close', () => this.#lose());
    this.#lose();
  }

  /** Whether reads are answered from the cache at present. */
  get trusted(): boolean {
    return this.#health.trusted;
  }

  /** @param catchUp tells Redis what it missed; nothing is read from it before */
  onReturn(catchUp: () => Promise<void>): void {
    this.#catchUp = catchUp;
  }

  /** What Redis says; undefined when it says nothing in time or is not to be believed yet. */
  async ask<T>(command: (redis: Redis) => Promise<T>): Promise<T | undefined> {
    return this.#health.trusted ? this.#attempt(command) : undefined;
  }

  /** False when Redis did not confirm. */
  async tell(command: (redis: Redis) => Promise<unknown>): Promise<boolean> {
    if (!this.#health.reachable) return false;
    return (await this.#attempt(async (redis) => (await command(redis), true))) ?? false;
  }

  onApplicationShutdown(): void {
    clearInterval(this.#probe);
    this.#redis.removeAllListeners('close');
    this.#redis.disconnect();
  }

  async #attempt<T>(command: (redis: Redis) => Promise<T>): Promise<T | undefined> {
    try {
      return await within(command(this.#redis), answerWithinMs);
    } catch (err) {
      if (this.#health.reachable) this.#logger.warn({ err }, 'the cache does without redis');
      this.#lose();
      return undefined;
    }
  }

  #lose(): void {
    this.#health.lost();
    this.#probe ??= setInterval(() => void this.#look(), probeEvery).unref();
  }

  /** What is written from the answer on is told at once; so nothing falls between that and catching up. */
  async #look(): Promise<void> {
    if (this.#redis.status !== 'ready') return;
    const answered = await within(this.#redis.ping(), answerWithinMs).catch(() => undefined);
    if (answered === undefined || this.#health.reachable) return;
    clearInterval(this.#probe);
    this.#probe = undefined;
    this.#health.found();
    await this.#catchUp();
  }
}
