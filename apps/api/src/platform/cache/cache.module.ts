import { Global, Module } from '@nestjs/common';
import { CacheEviction } from './cache-eviction.consumer.js';
import { CacheLink } from './cache-link.service.js';
import { CacheMetrics } from './cache-metrics.service.js';
import { Cache } from './cache.service.js';
import { EntryStore } from './entry-store.service.js';
import { Generations } from './generations.service.js';

@Global()
@Module({
  providers: [Cache, CacheEviction, CacheLink, CacheMetrics, EntryStore, Generations],
  exports: [Cache, CacheEviction],
})
export class CacheModule {}
