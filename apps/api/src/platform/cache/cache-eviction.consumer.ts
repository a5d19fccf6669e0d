import { Injectable } from '@nestjs/common';
import { eventTypes, specOf, tagsOf, type DomainEvent } from '@hms/contracts';
import type { ExternalConsumer } from '../events/event-consumer.js';
import { Cache } from './cache.service.js';

/**
 * Forgets what events make obsolete, unless the change feed says so too. The process that wrote has done so before it
 * answered; this is for the one that died in between, and for events of whoever has no cache.
 */
@Injectable()
export class CacheEviction implements ExternalConsumer {
  readonly name = 'cache-eviction';
  readonly types = eventTypes.filter((type) => specOf(type).tags && specOf(type).inFeed !== true);
  readonly effect = 'external';

  constructor(private readonly cache: Cache) {}

  async handle(event: DomainEvent): Promise<void> {
    await this.cache.invalidate(event.hospitalId, tagsOf(event));
  }
}
