import { alongFor, type Along } from './along.js';
import { minuteMs } from './local-day.js';
import type { Place, Service, Slot } from './schedule.js';

/** What an appointment takes up, buffers included. */
export interface NeededSeat {
  readonly resourceId: string;
  readonly from: Date;
  readonly to: Date;
  readonly capacity: number;
}

/** Everything an appointment at that time is made of. */
export interface Bookable {
  readonly providerId: string;
  readonly providerName: string;
  readonly serviceId: string;
  /** Rooms and devices it takes along. */
  readonly resourceIds: readonly string[];
  readonly siteId: string;
  readonly siteName: string;
  readonly tz: string;
  readonly start: Date;
  readonly end: Date;
  /** Whether a slot of the schedule starts then, which may be taken. */
  readonly isOffered: boolean;
  /** Whether it is taken already, as far as was known. When not, it may be in a moment. */
  readonly isTaken: boolean;
  /** In the order in which everybody takes them, so that nobody waits in a circle. */
  readonly seats: readonly NeededSeat[];
}

export interface BookableParts {
  readonly provider: Place & { readonly id: string; readonly name: string; readonly capacity: number };
  /** Rooms and devices. */
  readonly along: readonly Along[];
  readonly service: Service;
  /** The slot that starts then, where there is one. */
  readonly slot: Slot | undefined;
}

/** What a wish for that time comes to. */
export function bookableAt({ provider, along, service, slot }: BookableParts, start: Date): Bookable {
  const end = new Date(start.getTime() + service.durationMin * minuteMs);
  const from = new Date(start.getTime() - service.bufferBeforeMin * minuteMs);
  const to = new Date(end.getTime() + service.bufferAfterMin * minuteMs);
  const then = { from: start.getTime(), to: start.getTime() + 1 };
  // Beside the schedule there are as many seats as it has otherwise.
  const capacityOf = (each: Along): number =>
    alongFor(each, service, then)({ start: then.from, end: end.getTime() }).capacity || each.capacity;
  const seats = [
    { resourceId: provider.id, from, to, capacity: slot?.capacity ?? provider.capacity },
    ...along.map((each) => ({ resourceId: each.id, from, to, capacity: capacityOf(each) })),
  ].sort((a, b) => (a.resourceId < b.resourceId ? -1 : 1));
  const { siteId, siteName, tz } = slot ?? provider;
  return {
    providerId: provider.id,
    providerName: provider.name,
    serviceId: service.id,
    resourceIds: along.map(({ id }) => id),
    siteId,
    siteName,
    tz,
    start,
    end,
    isOffered: slot !== undefined,
    isTaken: slot?.seatsFree === 0,
    seats,
  };
}
