import { parseEvent, type EventPayload, type EventType } from '@hms/contracts';
import type pg from 'pg';
import { uuidv7 } from 'uuidv7';

/** An event of what an operator changed, in the transaction of the change. */
export async function tell<T extends EventType>(
  owner: pg.ClientBase,
  type: T,
  hospitalId: string,
  payload: EventPayload<T>,
): Promise<void> {
  const event = { id: uuidv7(), type, hospitalId, payload, actorId: null, occurredAt: new Date().toISOString() };
  parseEvent(event);
  await owner.query('insert into public.outbox_event (id, hospital_id, type, payload) values ($1, $2, $3, $4)', [
    event.id,
    hospitalId,
    type,
    JSON.stringify(payload),
  ]);
}
