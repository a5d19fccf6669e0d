import { parseEvent, type DomainEvent } from '@hms/contracts';

/** What a client is told of an event: which rows to read again, never what they say. */
export interface LiveChange {
  /** The event's; a client may be told of one twice. */
  readonly id: string;
  readonly type: DomainEvent['type'];
  /** RFC 3339, UTC. */
  readonly at: string;
  readonly payload: DomainEvent['payload'];
}

export const toLiveChange = ({ id, type, occurredAt, payload }: DomainEvent): LiveChange => ({
  id,
  type,
  at: occurredAt,
  payload,
});

/** What came over Redis on the channel of a hospital, or undefined when it is not an event of this hospital. */
export function parseHospitalEvent(hospitalId: string, text: string): DomainEvent | undefined {
  try {
    const event = parseEvent(JSON.parse(text));
    return event.hospitalId === hospitalId ? event : undefined;
  } catch {
    return undefined;
  }
}
