import { RateLimiterMemory, RateLimiterRedis, type RateLimiterRes } from 'rate-limiter-flexible';
import type { LimitStore } from './limit-store.service.js';
import type { Quota, Verdict } from './quota-limiter.js';
import { slidingWindow } from './sliding-window.js';

/**
 * How often something may fail, counted per key by all processes together. Nothing is taken ahead: what is under way does
 * not count, and what failed always does, past the quota too. So in any window no more fail than the quota and what was
 * under way when the last of it failed. While Redis is away the process counts for itself.
 */
export class FailureQuota {
  readonly #shared: RateLimiterRedis;
  readonly #own: RateLimiterMemory;
  readonly #ownUnits: number;

  constructor(
    readonly quota: Quota,
    private readonly store: LimitStore,
  ) {
    const { name, units, windowSeconds: duration, instances, strict } = quota;
    // The script refuses what is past `points`; a failure that happened is never refused.
    const points = Number.MAX_SAFE_INTEGER;
    const keyPrefix = `limit:${name}`;
    this.#shared = new RateLimiterRedis({
      storeClient: store.redis,
      keyPrefix,
      points,
      duration,
      customIncrTtlLuaScript: slidingWindow,
    });
    this.#own = new RateLimiterMemory({ points, duration });
    this.#ownUnits = strict ? Math.ceil(units / instances) : units;
  }

  /** Whether another failure may be risked. */
  look(key: string): Promise<Verdict> {
    return this.#count(key, 0);
  }

  async record(key: string): Promise<void> {
    await this.#count(key, 1);
  }

  async #count(key: string, failures: number): Promise<Verdict> {
    if (this.store.isUp) {
      try {
        return this.#verdict(await this.store.inTime(this.#shared.penalty(key, failures)), this.quota.units);
      } catch (err) {
        this.store.avoid(err);
      }
    }
    return this.#verdict(await this.#own.penalty(key, failures), this.#ownUnits);
  }

  #verdict({ consumedPoints, msBeforeNext: waitMs }: RateLimiterRes, units: number): Verdict {
    const remaining = Math.max(0, units - consumedPoints);
    return { granted: remaining > 0, quota: this.quota, remaining, waitMs };
  }
}
