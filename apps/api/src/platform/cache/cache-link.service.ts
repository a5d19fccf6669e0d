import { setTimeout as pause } from 'node:timers/promises';
import { Inject, Injectable, type OnApplicationShutdown } from '@nestjs/common';
import { connectRedis, type Logger } from '@hms/service-kit';
import type { Redis } from 'ioredis';
import { ApiConfig } from '../config/api-config.js';
import { rootLogger } from '../observability/observability.tokens.js';
import { leaseMs, LinkHealth } from './link-health.js';
import { LateError, within } from './within.js';

const answerWithinMs = 50;
/** Longer than a lease: whoever gives up telling Redis knows that nobody believes it any more. */
const toldWithinMs = leaseMs + 100;
const tellAgainAfterMs = 20;
const beatEveryMs = 200;
const longestReconnectPause = 500;
/** More than the longest time from Redis being back to a process knowing it. */
const settleMs = 2_000;

/**
 * Redis as the cache uses it. A question takes 50 ms at most, and after one that took longer nothing is asked until
 * Redis has answered anything; commands of one tick of the event loop travel together.
 */
@Injectable()
export class CacheLink implements OnApplicationShutdown {
  readonly #redis: Redis;
  readonly #health = new LinkHealth(settleMs, () => performance.now());
  readonly #logger: Logger;
  readonly #heart: NodeJS.Timeout;
  #catchUp: () => Promise<void> = () => Promise.resolve();
  #silent = false;
  /** Redis was not told something, and has not answered since. */
  #gaveUp = false;

  constructor(config: ApiConfig, @Inject(rootLogger) logger: Logger) {
    this.#logger = logger.child({ part: 'cache' });
    this.#redis = connectRedis(config.redisUrl, this.#logger, {
      enableAutoPipelining: true,
      commandTimeout: toldWithinMs,
      retryStrategy: (attempt) => Math.min(50 * 2 ** attempt, longestReconnectPause),
    });
    this.#redis.on('close', () => this.#health.lost());
    this.#redis.on('ready', () => this.#beat());
    this.#heart = setInterval(() => this.#beat(), beatEveryMs).unref();
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
    if (!this.#asks) return undefined;
    const answer = command(this.#redis);
    try {
      const said = await within(answer, answerWithinMs);
      return this.trusted ? said : undefined;
    } catch (err) {
      if (err instanceof LateError) this.#waitFor(answer);
      return undefined;
    }
  }

  /**
   * Waits for a connection that is being made anew, for others may have kept theirs.
   * @param command does no harm when it is repeated
   * @returns false when Redis did not confirm; then it counts as away, until it was told what it missed
   */
  async tell(command: (redis: Redis) => Promise<unknown>): Promise<boolean> {
    if (this.#gaveUp) return false;
    const over = new AbortController();
    try {
      await within(this.#confirmed(command, over.signal), toldWithinMs);
      return true;
    } catch (err) {
      this.#logger.warn({ err }, 'redis did not confirm what changed');
      this.#gaveUp = true;
      this.#health.lost();
      return false;
    } finally {
      over.abort();
    }
  }

  onApplicationShutdown(): void {
    clearInterval(this.#heart);
    this.#redis.removeAllListeners('close');
    this.#redis.disconnect();
  }

  /** Repeats the command until Redis answers it: a lost connection takes those along that were under way. */
  async #confirmed(command: (redis: Redis) => Promise<unknown>, over: AbortSignal): Promise<void> {
    while (!over.aborted) {
      try {
        await command(this.#redis);
        return;
      } catch (err) {
        if (isRefusal(err)) throw err;
        await pause(tellAgainAfterMs);
      }
    }
  }

  get #asks(): boolean {
    return this.trusted && !this.#silent;
  }

  #waitFor(answer: Promise<unknown>): void {
    this.#silent = true;
    this.#logger.warn('redis is late, reads go past the cache until it answers');
    answer.then(
      () => (this.#silent = false),
      () => undefined,
    );
  }

  #beat(): void {
    if (this.#redis.status !== 'ready') return;
    const askedAt = performance.now();
    this.#redis.ping().then(
      () => this.#answered(askedAt),
      () => undefined,
    );
  }

  /** What is written from now on is told at once; so nothing falls between that and catching up. */
  #answered(askedAt: number): void {
    this.#silent = false;
    const returned = this.#health.answered(askedAt);
    if (this.#health.reachable) this.#gaveUp = false;
    if (!returned) return;
    this.#logger.info('the cache asks redis from now on');
    void this.#catchUp();
  }
}

/** Whether Redis itself said no; a lost connection says nothing. */
const isRefusal = (err: unknown): boolean => err instanceof Error && err.name === 'ReplyError';
