import { LRUCache } from 'lru-cache';
import { RateLimiterMemory, RateLimiterRedis, RateLimiterRes, type RateLimiterAbstract } from 'rate-limiter-flexible';
import type { LimitStore } from './limit-store.service.js';
import { slidingWindow } from './sliding-window.js';

export interface Quota {
  /** Shown to clients, such as `read-user`. */
  readonly name: string;
  readonly units: number;
  readonly windowSeconds: number;
  /** Processes that share the quota. */
  readonly instances: number;
  /** Without Redis, keep to this process's share of the quota. */
  readonly strict: boolean;
}

export interface Verdict {
  readonly granted: boolean;
  readonly quota: Quota;
  readonly remaining: number;
  /** Until more is available. */
  readonly waitMs: number;
}

/** What one process knows of one key. */
interface Account {
  /** Taken from the shared count and not spent yet. */
  prepaid: number;
  /** Left in the shared count when it was last asked. */
  left: number;
  /** When the oldest units come back, on the clock that never jumps. */
  renewsAt: number;
  /** Before `renewsAt` there is nothing to ask for. */
  exhausted: boolean;
  refill: Promise<void> | undefined;
}

/** At most this share of a quota lies prepaid in all processes together: the price of not asking Redis each time. */
const prepaidShare = 1 / 50;
const maxAccounts = 50_000;

/**
 * One quota, counted per key by all processes together. Each takes units in small lots ahead of need, so that most
 * requests cost no round trip, and remembers that a key is exhausted. While Redis is away it counts for itself.
 */
export class QuotaLimiter {
  readonly #shared: RateLimiterRedis;
  readonly #own: RateLimiterMemory;
  readonly #lot: number;
  readonly #accounts: LRUCache<string, Account>;

  constructor(
    readonly quota: Quota,
    private readonly store: LimitStore,
  ) {
    const { name, units, windowSeconds: duration, instances, strict } = quota;
    this.#shared = new RateLimiterRedis({
      storeClient: store.redis,
      // A quota that is changed begins anew: processes that still have the old one count apart.
      keyPrefix: `limit:${name}:${String(units)}`,
      points: units,
      duration,
      customIncrTtlLuaScript: slidingWindow,
    });
    this.#own = new RateLimiterMemory({ points: strict ? Math.ceil(units / instances) : units, duration });
    this.#lot = Math.max(1, Math.floor((units * prepaidShare) / instances));
    // A `max` would take the room for all of them at once, for each of the quotas.
    this.#accounts = new LRUCache({ maxSize: maxAccounts, sizeCalculation: () => 1, ttl: duration * 1_000 });
  }

  /** Answers at once, without a promise, whenever this process can decide it alone. */
  take(key: string): Verdict | Promise<Verdict> {
    const account = this.#accounts.get(key);
    if (account && account.prepaid > 0) {
      account.prepaid -= 1;
      const remaining = account.left + account.prepaid;
      return this.#verdict(true, remaining, account.renewsAt - performance.now());
    }
    const waitMs = account?.exhausted ? account.renewsAt - performance.now() : 0;
    if (waitMs > 0) return this.#verdict(false, 0, waitMs);
    if (!this.store.isUp) return this.#takeOwn(key);
    return this.#refill(key, account).then(() => this.take(key));
  }

  async #takeOwn(key: string): Promise<Verdict> {
    const { granted, answer } = await consume(this.#own, key, 1);
    return this.#verdict(granted, answer.remainingPoints, answer.msBeforeNext);
  }

  /** Concurrent requests of one key wait for one question to Redis. */
  #refill(key: string, known: Account | undefined): Promise<void> {
    if (known?.refill) return known.refill;
    const account = known ?? { prepaid: 0, left: 0, renewsAt: 0, exhausted: false, refill: undefined };
    account.refill = this.store
      .inTime(this.#ask(key, account))
      .catch((err: unknown) => this.store.avoid(err))
      .finally(() => (account.refill = undefined));
    this.#accounts.set(key, account);
    return account.refill;
  }

  async #ask(key: string, account: Account): Promise<void> {
    let lot = this.#lot;
    let reply = await consume(this.#shared, key, lot);
    if (!reply.granted && lot > 1) {
      lot = 1;
      reply = await consume(this.#shared, key, lot);
    }
    const { granted, answer } = reply;
    account.prepaid += granted ? lot : 0;
    account.left = answer.remainingPoints;
    account.renewsAt = performance.now() + answer.msBeforeNext;
    account.exhausted = !granted;
  }

  #verdict(granted: boolean, remaining: number, waitMs: number): Verdict {
    return { granted, quota: this.quota, remaining, waitMs };
  }
}

/** @throws what the store throws; a refusal is an answer, not an error */
async function consume(
  limiter: RateLimiterAbstract,
  key: string,
  units: number,
): Promise<{ granted: boolean; answer: RateLimiterRes }> {
  try {
    return { granted: true, answer: await limiter.consume(key, units) };
  } catch (thrown) {
    if (thrown instanceof RateLimiterRes) return { granted: false, answer: thrown };
    throw thrown;
  }
}
