import { Inject, Injectable } from '@nestjs/common';
import { Counter, Gauge, type Registry } from '@hms/service-kit';
import { metricsRegistry } from '../observability/observability.tokens.js';

/** `l1`: this process; `l2`: Redis; `shared`: a load somebody else had begun. */
export type CacheLayer = 'l1' | 'l2' | 'shared' | 'database';
/** `bypass`: read past the cache, as Redis is away or the cache is off. */
export type CacheOutcome = 'hit' | 'miss' | 'bypass';

@Injectable()
export class CacheMetrics {
  readonly #requests: Counter;
  #hits = 0;
  #all = 0;

  constructor(@Inject(metricsRegistry) registry: Registry) {
    this.#requests = new Counter({
      name: 'cache_requests_total',
      help: 'Reads through the cache, by what answered them',
      labelNames: ['layer', 'outcome'],
      registers: [registry],
    });
    const [hits, all] = [() => this.#hits, () => this.#all];
    new Gauge({
      name: 'cache_hit_ratio',
      help: 'Share of reads through the cache since the start that the database did not answer',
      registers: [registry],
      collect() {
        this.set(all() === 0 ? 0 : hits() / all());
      },
    });
  }

  count(layer: CacheLayer, outcome: CacheOutcome): void {
    this.#requests.inc({ layer, outcome });
    this.#all += 1;
    if (outcome === 'hit') this.#hits += 1;
  }
}
