import { Inject, Injectable } from '@nestjs/common';
import { parseEvent, wakeChannel, type DomainEvent } from '@hms/contracts';
import type { PublicTx, TenantTx } from '@hms/database';
import type { Redis } from 'ioredis';
import { uuidv7 } from 'uuidv7';
import { redisConnection } from '../database/database.tokens.js';
import type { NewEvent } from './new-event.js';
import { OutboxRepository } from './outbox.repository.js';

/** Where side effects start: an event commits together with its cause, or neither does. */
@Injectable()
export class Outbox {
  readonly #added = new WeakMap<TenantTx | PublicTx, DomainEvent[]>();

  constructor(
    private readonly events: OutboxRepository,
    @Inject(redisConnection) private readonly redis: Redis,
  ) {}

  /** @throws a ZodError when the payload holds anything its catalogue entry does not name */
  async add(tx: TenantTx | PublicTx, event: NewEvent): Promise<void> {
    const added = parseEvent({ ...event, id: uuidv7(), occurredAt: new Date().toISOString() });
    await this.events.insert(tx, added);
    this.#added.set(tx, [...this.eventsOf(tx), added]);
  }

  /** What this transaction added so far, for whoever commits it. */
  eventsOf(tx: TenantTx | PublicTx): readonly DomainEvent[] {
    return this.#added.get(tx) ?? [];
  }

  /** After a commit with events: relays look at once. Only a hint, they look by themselves four times a second. */
  wakeRelay(): void {
    this.redis.publish(wakeChannel, '').catch(() => undefined);
  }
}
