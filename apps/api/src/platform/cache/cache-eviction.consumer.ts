import { Injectable } from '@nestjs/common';
import { eventTypes, tagsOf, type DomainEvent } from '@hms/contracts';
import type { ExternalConsumer } from '../events/event-consumer.js';
import { Cache } from './cache.service.js';

/**
 * Forgets what every event makes obsolete. The process that wrote has done so before it answered; this is for the one
 * that died in between, and for events of whoever has no cache.
 */
@Injectable()
export class CacheEviction implements ExternalConsumer {
  readonly name = 'cache-eviction';
  readonly types = eventTypes;
  readonly effect = 'external';

  constructor(private readonly cache: Cache) {}

  handle(event: DomainEvent): Promise<void> {
    return this.cache.invalidate(event.hospitalId, tagsOf(event));
  }
}
