import { createLogger, createMetrics, type Registry } from '@hms/service-kit';
import { until } from '../../../testing/until.js';
import { ApiConfig } from '../../config/api-config.js';
import { CacheLink } from '../cache-link.service.js';
import { CacheMetrics } from '../cache-metrics.service.js';
import { Cache } from '../cache.service.js';
import { EntryStore } from '../entry-store.service.js';
import { Generations } from '../generations.service.js';

/** A database of Redis that nothing else uses, so that a test may flush it. */
export function testRedisUrl(): string {
  const url = new URL(process.env['REDIS_URL'] ?? '');
  url.pathname = '/9';
  return url.href;
}

/** The cache as one process of the API has it; several may stand in one test. */
export class CacheProcess {
  readonly registry: Registry = createMetrics('test');
  readonly cache: Cache;
  readonly #link: CacheLink;

  constructor(redisUrl = testRedisUrl(), settings: NodeJS.ProcessEnv = {}) {
    const config = new ApiConfig({ ...process.env, PORT: '1', REDIS_URL: redisUrl, ...settings });
    const metrics = new CacheMetrics(this.registry);
    this.#link = new CacheLink(config, createLogger('test', 'silent'));
    this.cache = new Cache(config, new Generations(this.#link), new EntryStore(config, this.#link, metrics), metrics);
  }

  get trusted(): boolean {
    return this.#link.trusted;
  }

  /** Resolves once reads are answered from the cache. */
  async ready(): Promise<this> {
    await until(() => this.trusted);
    return this;
  }

  /** Reads so far by layer and outcome, such as `l1 hit`. */
  async counts(): Promise<Record<string, number>> {
    const metric = await this.registry.getSingleMetric('cache_requests_total')?.get();
    return Object.fromEntries(
      (metric?.values ?? []).map(({ labels, value }) => [
        `${String(labels['layer'])} ${String(labels['outcome'])}`,
        value,
      ]),
    );
  }

  close(): void {
    this.#link.onApplicationShutdown();
  }
}
