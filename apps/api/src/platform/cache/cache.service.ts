import { Injectable } from '@nestjs/common';
import type { HospitalRef } from '@hms/database';
import { ApiConfig } from '../config/api-config.js';
import { CacheMetrics } from './cache-metrics.service.js';
import { EntryStore } from './entry-store.service.js';
import { everything, Generations } from './generations.service.js';
import type { Plain } from './plain.js';

const tenMinutes = 10 * 60_000;

export interface EntryOptions {
  /** Whose renewal forgets the entry: those of every event that may change the value. See the event catalogue. */
  readonly tags: readonly string[];
  /** Milliseconds after which the value is loaded again in any case; ten minutes when absent. */
  readonly ttl?: number;
}

/** Fits only values that survive JSON. */
export type Loader<T> = (() => Promise<T>) & ([T] extends [Plain<T>] ? unknown : never);

/** The entries of one hospital, or those all hospitals share. */
export interface CacheSpace {
  /**
   * The value under `key`, from the cache or else from `load`. It is frozen, and shared by all who may ask: cut what an
   * actor may not see from what this returns, and load nothing that depends on who asks. Undefined is not kept.
   */
  read<T>(key: string, options: EntryOptions, load: Loader<T>): Promise<T>;
}

/**
 * Saves reads of the database, never its answer's correctness: once {@link Cache.invalidate} resolved, no process that
 * reaches Redis answers with an older value. Without Redis every read goes to the database.
 */
@Injectable()
export class Cache {
  constructor(
    private readonly config: ApiConfig,
    private readonly generations: Generations,
    private readonly entries: EntryStore,
    private readonly metrics: CacheMetrics,
  ) {}

  /** What belongs to the hospital the actor is in. */
  hospital({ hospital }: { readonly hospital: Pick<HospitalRef, 'id'> }): CacheSpace {
    return this.#space(hospital.id);
  }

  /** Reference data of all hospitals. */
  get reference(): CacheSpace {
    return this.#space(null);
  }

  /**
   * Forgets what these tags cover. Call it after the commit and before the answer; it does not fail.
   * @param hospitalId null for reference data
   * @returns false when Redis is told only once it is there again, if this process still is
   */
  async invalidate(hospitalId: string | null, tags: readonly string[]): Promise<boolean> {
    return tags.length === 0 || this.generations.renew(prefixOf(hospitalId), tags);
  }

  /** Forgets all of a hospital; otherwise as `invalidate`. */
  invalidateAll(hospitalId: string): Promise<boolean> {
    return this.generations.renew(prefixOf(hospitalId), [everything]);
  }

  #space(hospitalId: string | null): CacheSpace {
    return { read: (key, options, load) => this.#read(prefixOf(hospitalId), key, options, load) };
  }

  async #read<T>(
    prefix: string,
    key: string,
    { tags, ttl = tenMinutes }: EntryOptions,
    load: () => Promise<T>,
  ): Promise<T> {
    const generation = this.config.cacheEnabled ? await this.generations.current(prefix, tags) : undefined;
    if (generation !== undefined) return this.entries.get(`${prefix}:${key}@${generation}`, ttl, load);
    this.metrics.count('database', 'bypass');
    return load();
  }
}

/** The braces make a Redis cluster keep all keys of a hospital in one slot. */
const prefixOf = (hospitalId: string | null): string =>
  `{${hospitalId === null ? 'reference' : `h:${hospitalId}`}}:cache`;
