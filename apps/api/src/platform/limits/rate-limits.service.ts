import { Inject, Injectable } from '@nestjs/common';
import { Counter, type Registry } from '@hms/service-kit';
import { ApiConfig } from '../config/api-config.js';
import { metricsRegistry } from '../observability/observability.tokens.js';
import { FailureQuota } from './failure-quota.js';
import { LimitStore } from './limit-store.service.js';
import { QuotaLimiter, type Quota, type Verdict } from './quota-limiter.js';
import { quotas, windowSeconds, wrongGuessesPerAddress, type LimitScope, type RouteClass } from './quotas.js';

const scopes: readonly LimitScope[] = ['address', 'user', 'hospital'];

/** Every quota of the table, scaled as the operator says. */
@Injectable()
export class RateLimits {
  readonly #limiters = new Map<string, QuotaLimiter>();
  readonly #wrongGuesses: FailureQuota;
  readonly #refusals: Counter<'class' | 'scope'>;

  constructor(config: ApiConfig, store: LimitStore, @Inject(metricsRegistry) registry: Registry) {
    this.#refusals = new Counter({
      name: 'rate_limited_total',
      help: 'Requests refused because a quota was used up',
      labelNames: ['class', 'scope'],
      registers: [registry],
    });
    for (const [as, { strict = false, ...units }] of Object.entries(quotas)) {
      for (const scope of scopes) {
        const quota = quotaOf(config, { name: `${as}-${scope}`, units: units[scope], strict });
        this.#limiters.set(quota.name, new QuotaLimiter(quota, store));
      }
    }
    const guesses = { name: 'guess-address', units: wrongGuessesPerAddress, strict: true };
    this.#wrongGuesses = new FailureQuota(quotaOf(config, guesses), store);
  }

  /** Answers at once, without a promise, whenever this process can decide it alone. */
  take(as: RouteClass, scope: LimitScope, key: string): Verdict | Promise<Verdict> {
    const verdict = this.#limiter(as, scope).take(key);
    if (verdict instanceof Promise) return verdict.then((late) => this.#counted(late, as, scope));
    return this.#counted(verdict, as, scope);
  }

  /** Whether somebody at the address may guess at a secret; counts nothing. */
  async mayGuess(address: string): Promise<Verdict> {
    return this.#counted(await this.#wrongGuesses.look(address), 'guess', 'address');
  }

  recordWrongGuess(address: string): Promise<void> {
    return this.#wrongGuesses.record(address);
  }

  #counted(verdict: Verdict, as: RouteClass | 'guess', scope: LimitScope): Verdict {
    if (!verdict.granted) this.#refusals.inc({ class: as, scope });
    return verdict;
  }

  #limiter(as: RouteClass, scope: LimitScope): QuotaLimiter {
    const limiter = this.#limiters.get(`${as}-${scope}`);
    if (!limiter) throw new Error(`no quota for ${as} by ${scope}`);
    return limiter;
  }
}

/** As the operator scales it, shared by all processes. */
const quotaOf = (
  { rateLimitFactor, rateLimitInstances: instances }: ApiConfig,
  { units, ...quota }: Pick<Quota, 'name' | 'units' | 'strict'>,
): Quota => ({ ...quota, units: Math.max(1, Math.round(units * rateLimitFactor)), windowSeconds, instances });
