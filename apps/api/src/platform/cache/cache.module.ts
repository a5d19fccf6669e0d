import { Global, Module } from '@nestjs/common';
import { CacheLink } from './cache-link.service.js';
import { CacheMetrics } from './cache-metrics.service.js';
import { Cache } from './cache.service.js';
import { EntryStore } from './entry-store.service.js';
import { Generations } from './generations.service.js';

@Global()
@Module({
  providers: [Cache, CacheLink, CacheMetrics, EntryStore, Generations],
  exports: [Cache],
})
export class CacheModule {}
