import { Inject, Injectable } from '@nestjs/common';
import { Counter, type Registry } from '@hms/service-kit';
import { ApiConfig } from '../config/api-config.js';
import { metricsRegistry } from '../observability/observability.tokens.js';
import { LimitStore } from './limit-store.service.js';
import { QuotaLimiter, type Verdict } from './quota-limiter.js';
import { quotas, windowSeconds, type LimitScope, type RouteClass } from './quotas.js';

const scopes: readonly LimitScope[] = ['address', 'user', 'hospital'];

/** Every quota of the table, scaled as the operator says. */
@Injectable()
export class RateLimits {
  readonly #limiters = new Map<string, QuotaLimiter>();
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
        const quota = {
          name: `${as}-${scope}`,
          units: Math.max(1, Math.round(units[scope] * config.rateLimitFactor)),
          windowSeconds,
          instances: config.rateLimitInstances,
          strict,
        };
        this.#limiters.set(quota.name, new QuotaLimiter(quota, store));
      }
    }
  }

  /** Answers at once, without a promise, whenever this process can decide it alone. */
  take(as: RouteClass, scope: LimitScope, key: string): Verdict | Promise<Verdict> {
    const verdict = this.#limiter(as, scope).take(key);
    if (verdict instanceof Promise) return verdict.then((late) => this.#counted(late, as, scope));
    return this.#counted(verdict, as, scope);
  }

  giveBack(as: RouteClass, scope: LimitScope, key: string): void {
    this.#limiter(as, scope).giveBack(key);
  }

  #counted(verdict: Verdict, as: RouteClass, scope: LimitScope): Verdict {
    if (!verdict.granted) this.#refusals.inc({ class: as, scope });
    return verdict;
  }

  #limiter(as: RouteClass, scope: LimitScope): QuotaLimiter {
    const limiter = this.#limiters.get(`${as}-${scope}`);
    if (!limiter) throw new Error(`no quota for ${as} by ${scope}`);
    return limiter;
  }
}
