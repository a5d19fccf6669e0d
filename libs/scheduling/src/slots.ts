import { withAlong, type Along } from './along.js';
import { dayMs, minuteMs } from './local-day.js';
import type { Provider, Service, Slot, Viewer } from './schedule.js';
import { countTaken } from './taken.js';
import {
  capacityDuring,
  daysBefore,
  isOpenTo,
  spansOf,
  startsIn,
  windowsOn,
  type Range,
  type Window,
} from './windows.js';

/** Slots of a provider for a service that start in the range, by start; those that are taken too. */
export function slotsOf(provider: Provider, service: Service, range: Range, viewer: Viewer): Slot[] {
  const takenDuring = countTaken(provider.busy, service);
  return offersOf(provider, service, range, viewer).map(({ start, capacity, window }) => {
    const end = start + service.durationMin * minuteMs;
    return {
      start,
      end,
      providerId: provider.id,
      serviceId: service.id,
      siteId: window.siteId,
      siteName: window.siteName,
      tz: window.tz,
      capacity,
      seatsFree: capacity - takenDuring(start, end, capacity),
    };
  });
}

/** A time the schedule offers, whatever is booked. */
interface Offer {
  readonly start: number;
  readonly capacity: number;
  readonly window: Window;
}

/** By start, one each: where windows overlap, the one that serves more counts. */
function offersOf(provider: Provider, service: Service, range: Range, viewer: Viewer): Offer[] {
  const [first, last] = [Math.floor(range.from / dayMs) - daysBefore, Math.floor(range.to / dayMs) + 1];
  const spans = spansOf(provider.exceptions, first - 1, last + 1);
  const length = service.durationMin * minuteMs;
  const offers: Offer[] = [];
  for (let day = first; day <= last; day += 1) {
    for (const window of windowsOn(provider, service, day)) {
      for (const start of startsIn(window, service, day)) {
        if (start < range.from || start >= range.to || !isOpenTo(viewer, window, start)) continue;
        const capacity = capacityDuring(spans, start, start + length, window.capacity ?? provider.capacity);
        if (capacity > 0) offers.push({ start, capacity, window });
      }
    }
  }
  offers.sort((a, b) => a.start - b.start || b.capacity - a.capacity);
  return offers.filter(({ start }, i) => start !== offers[i - 1]?.start);
}

const bySlot = (a: Slot, b: Slot): number =>
  a.start - b.start || compare(a.providerId, b.providerId) || compare(a.serviceId, b.serviceId);
const compare = (a: string, b: string): number => (a < b ? -1 : Number(a > b));

export interface SlotSearch {
  readonly providers: readonly Provider[];
  readonly services: readonly Service[];
  /** Rooms and devices that are to be free too. */
  readonly along: readonly Along[];
  readonly range: Range;
  readonly viewer: Viewer;
  readonly wanted: (slot: Slot) => boolean;
  readonly limit: number;
}

/** The first slots, by start, provider and service. */
export function findSlots({ providers, services, along, range, viewer, wanted, limit }: SlotSearch): Slot[] {
  const found: Slot[] = [];
  for (const provider of providers) {
    for (const service of services) {
      const slots = slotsOf(provider, service, range, viewer);
      for (const slot of withAlong(slots, service, along, range)) if (wanted(slot)) found.push(slot);
    }
  }
  return found.sort(bySlot).slice(0, limit);
}

const firstPortionDays = 2;
const growth = 16;

/** The range in ever larger parts, for a search that ends when it found enough. */
export function* portionsOf({ from, to }: Range): Generator<Range> {
  for (let days = firstPortionDays; from < to; days *= growth) {
    const end = Math.min(to, from + days * dayMs);
    yield { from, to: end };
    from = end;
  }
}

/** How far after a slot that is taken others are looked for. */
export const alternativesWithinDays = 14;
