import type { DomainEvent, EventType } from '@hms/contracts';
import type { PublicTx, TenantTx } from '@hms/database';

interface Consumer<T extends EventType> {
  /** Kebab case; it stays the same for ever, deliveries of before a deployment carry it. */
  readonly name: string;
  readonly types: readonly T[];
  /** Tries before a delivery is dead; 8 unless said. */
  readonly attempts?: number;
  /** The second try comes within this, and the span doubles from try to try up to 5 minutes; 1 s unless said. */
  readonly backoffMs?: number;
  /** After this a try has failed, whatever it still does; 10 s unless said. */
  readonly deadlineMs?: number;
}

/** Changes the event's hospital, exactly once: the change and the end of the delivery are one transaction. */
export interface HospitalConsumer<T extends EventType = EventType> extends Consumer<T> {
  readonly effect: 'hospital';
  handle(event: DomainEvent<T>, tx: TenantTx): Promise<void>;
}

/** Changes what hospitals share, exactly once: the change and the end of the delivery are one transaction. */
export interface PlatformConsumer<T extends EventType = EventType> extends Consumer<T> {
  readonly effect: 'platform';
  handle(event: DomainEvent<T>, tx: PublicTx): Promise<void>;
}

/** Acts outside the database, at least once: a crash in between does it again, with the same event id. */
export interface ExternalConsumer<T extends EventType = EventType> extends Consumer<T> {
  readonly effect: 'external';
  handle(event: DomainEvent<T>, deadline: AbortSignal): Promise<void>;
}

export type EventConsumer<T extends EventType = EventType> =
  HospitalConsumer<T> | PlatformConsumer<T> | ExternalConsumer<T>;

/** The code of an event that this release does not know, or not in this form, or not for this consumer. */
export const unreadable = 'event.unreadable';

/** Publishes to live sockets; served by the relay itself. */
export const liveConsumer = 'live';

/** Every consumer this process serves. */
export class ConsumerRegistry {
  /** @throws an Error when a name is taken or is not one */
  constructor(readonly all: readonly EventConsumer[]) {
    const names = [liveConsumer, ...all.map(({ name }) => name)];
    if (new Set(names).size !== names.length) throw new Error('two event consumers have the same name');
    const odd = names.find((name) => !/^[a-z][a-z0-9-]{0,59}$/.test(name));
    if (odd !== undefined) throw new Error(`"${odd}" cannot be the name of an event consumer`);
  }
}

export const maxAttemptsOf = ({ attempts = 8 }: EventConsumer): number => attempts;
export const backoffMsOf = ({ backoffMs = 1_000 }: EventConsumer): number => backoffMs;
export const deadlineMsOf = ({ deadlineMs = 10_000 }: EventConsumer): number => deadlineMs;
/** The queue of a consumer: each has its own, so that none waits for another. */
export const queueOf = (consumer: string): string => `events.${consumer}`;
