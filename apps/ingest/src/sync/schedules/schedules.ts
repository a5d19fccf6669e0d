import type { FreeTime } from '@hms/contracts';
import {
  alternativesWithinDays,
  type Bookable,
  bookableAt,
  type Busy,
  dayMs,
  findSlots,
  type Hours,
  minuteMs,
  type Place,
  type Provider,
  type Service,
  slotsOf,
  withAlong,
} from '@hms/scheduling';
import type { Wish } from './wish.js';

/** A provider, a room or a device, with the site it belongs to. */
export interface ScheduledResource extends Hours, Place {
  readonly name: string;
}

/** By resource: when its seats are taken, by start. */
export type BusyTimes = ReadonlyMap<string, readonly Busy[]>;

/** What of a hospital's schedule some wishes touch. What is out of use is not in it. */
export interface ScheduleFacts {
  readonly graceMin: number;
  readonly services: readonly Service[];
  readonly providers: readonly ScheduledResource[];
  /** Rooms and devices. */
  readonly along: readonly ScheduledResource[];
}

/** The field of a wish that names nothing there is. */
export interface Unknown {
  readonly unknown: 'providerId' | 'serviceId' | 'resourceIds';
}

const alternativesShown = 3;
const nothingTaken: BusyTimes = new Map();

/** What can be booked, as staff may. What is taken is left to the database, which alone knows. */
export class Schedules {
  static readonly none = new Schedules({ graceMin: 0, services: [], providers: [], along: [] });

  constructor(private readonly facts: ScheduleFacts) {}

  /** How long after its start an appointment may not be called missed yet. */
  get graceMs(): number {
    return this.facts.graceMin * minuteMs;
  }

  bookable(wish: Wish, now: number): Bookable | Unknown {
    const provider = this.#provider(wish);
    if (!provider) return { unknown: 'providerId' };
    const service = this.#service(wish);
    if (!service) return { unknown: 'serviceId' };
    const along = this.#along(wish, nothingTaken);
    if (along.length !== wish.resourceIds.length) return { unknown: 'resourceIds' };
    const then = { from: wish.start.getTime(), to: wish.start.getTime() + 1 };
    const offered = slotsOf({ ...provider, busy: [] }, service, then, { now, isPatient: false });
    const [slot] = withAlong(offered, service, along, then);
    return bookableAt({ provider, along, service, slot }, wish.start);
  }

  /** The next free times for somebody who did not get theirs. */
  alternatives(wish: Wish, busy: BusyTimes, now: number): FreeTime[] {
    const provider = this.#provider(wish);
    const service = this.#service(wish);
    if (!provider || !service) return [];
    const slots = findSlots({
      providers: [{ ...provider, busy: busy.get(provider.id) ?? [] }],
      services: [service],
      along: this.#along(wish, busy),
      range: alternativesRange(wish, now),
      viewer: { now, isPatient: false },
      wanted: ({ seatsFree }) => seatsFree > 0,
      limit: alternativesShown,
    });
    return slots.map(({ start, end, providerId, serviceId, siteId, tz }) => ({
      ...{ start: new Date(start).toISOString(), end: new Date(end).toISOString() },
      ...{ providerId, serviceId, siteId, tz },
    }));
  }

  #along({ resourceIds }: Wish, busy: BusyTimes): Provider[] {
    const known = this.facts.along.filter(({ id }) => resourceIds.includes(id));
    return known.map((each) => ({ ...each, busy: busy.get(each.id) ?? [] }));
  }

  #provider({ providerId }: Wish): ScheduledResource | undefined {
    return this.facts.providers.find(({ id }) => id === providerId);
  }

  #service({ serviceId }: Wish): Service | undefined {
    return this.facts.services.find(({ id }) => id === serviceId);
  }
}

/** Where other times are looked for. */
export function alternativesRange({ start }: Wish, now: number): { readonly from: number; readonly to: number } {
  const from = Math.max(start.getTime(), now);
  return { from, to: from + alternativesWithinDays * dayMs };
}
