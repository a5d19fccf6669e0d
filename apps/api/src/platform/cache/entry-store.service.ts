import { hkdfSync } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { BentoCache, bentostore, errors } from 'bentocache';
import { memoryDriver } from 'bentocache/drivers/memory';
import type { CacheSerializer } from 'bentocache/types';
import { ApiConfig } from '../config/api-config.js';
import { CacheLink } from './cache-link.service.js';
import { CacheMetrics } from './cache-metrics.service.js';
import { frozen } from './plain.js';
import { SealedEntries } from './sealed-entries.js';

const localEntries = 10_000;

/**
 * Two levels of entries: in this process, and sealed in Redis. An entry never changes, because its name contains the
 * generation it belongs to; so processes need not tell each other of entries.
 */
@Injectable()
export class EntryStore {
  readonly #bento;
  readonly #underWay = new Map<string, Promise<unknown>>();

  constructor(
    config: ApiConfig,
    link: CacheLink,
    private readonly metrics: CacheMetrics,
  ) {
    const secret = new Uint8Array(hkdfSync('sha256', config.refreshSecret, '', 'hms cache entries', 32));
    const entries = bentostore({ prefix: '' })
      .useL1Layer(memoryDriver({ maxItems: localEntries }))
      .useL2Layer({ options: {}, factory: () => new SealedEntries(link, secret) });
    this.#bento = new BentoCache({
      default: 'entries',
      stores: { entries },
      serializer: asTheyAre,
    });
    this.#bento.on('cache:hit', ({ layer }) => {
      metrics.count(layer, 'hit');
    });
  }

  /**
   * The entry, or else what `load` says, which is kept for `ttl` milliseconds unless it is undefined. Of any number of
   * concurrent callers one loads, and all share its answer or its failure.
   */
  get<T>(name: string, ttl: number, load: () => Promise<T>): Promise<T> {
    const underWay = this.#underWay.get(name);
    if (underWay) {
      this.metrics.count('shared', 'hit');
      return underWay as Promise<T>;
    }
    const answer = this.#find(name, ttl, load).finally(() => this.#underWay.delete(name));
    this.#underWay.set(name, answer);
    return answer;
  }

  async #find<T>(name: string, ttl: number, load: () => Promise<T>): Promise<T> {
    try {
      const found: unknown = await this.#bento.getOrSet<unknown>({
        key: name,
        ttl,
        factory: async ({ skip }: { skip: () => unknown }) => {
          this.metrics.count('database', 'miss');
          return frozen(await load()) ?? skip();
        },
      });
      return found as T; // a name is only ever given one kind of value
    } catch (err) {
      throw err instanceof errors.E_FACTORY_ERROR ? err.cause : err;
    }
  }
}

/**
 * Keeps entries as objects: the library would parse a local one at every hit, and its `serialize: false` breaks on what
 * comes from Redis. {@link SealedEntries} does the serializing.
 */
const asTheyAre: CacheSerializer = { serialize: (entry: string) => entry, deserialize: (entry: unknown) => entry };
