import type { DomainEvent, EventPayload, EventType } from '@hms/contracts';
import type { Actor } from '../access/actor.js';

/** An event as its cause states it; the outbox gives it an id and the time of its transaction. */
export type NewEvent<T extends EventType = EventType> = T extends EventType
  ? Pick<DomainEvent<T>, 'type' | 'payload' | 'hospitalId' | 'actorId'>
  : never;

/** What an actor did in the hospital it acts in. */
export const eventBy = <T extends EventType>(actor: Actor, type: T, payload: EventPayload<T>) => ({
  type,
  payload,
  hospitalId: actor.hospital?.id ?? null,
  actorId: actor.userId,
});
