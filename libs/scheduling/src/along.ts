import { dayMs, minuteMs } from './local-day.js';
import type { Provider, Service, Slot } from './schedule.js';
import { countTaken } from './taken.js';
import { capacityDuring, daysBefore, endAfter, spansOf, windowsOn, type Range } from './windows.js';
import { clockOf } from './zone-clock.js';

/** A room or device that is taken along: its hours, and when it is taken, are those of a provider. */
export type Along = Provider;

/** How many appointments it serves then, zero when it is closed; and how many more. */
export interface AlongThen {
  readonly capacity: number;
  readonly seatsFree: number;
}

/** From one moment until before another, in which so many are served. */
interface Open extends Range {
  readonly capacity: number;
}

/**
 * Says of one slot after another, by start, whether the room or device serves it. What has neither a rule nor added hours is
 * there whenever it is not closed. Who may book, notice and horizon are the provider's matter.
 */
export function alongFor(
  along: Along,
  service: Service,
  range: Range,
): (slot: Pick<Slot, 'start' | 'end'>) => AlongThen {
  const [first, last] = [Math.floor(range.from / dayMs) - daysBefore, Math.floor(range.to / dayMs) + 1];
  const spans = spansOf(along.exceptions, first - 1, last + 1);
  const isAlwaysThere = along.rules.length === 0 && !along.exceptions.some(({ kind }) => kind === 'extra');
  const hours = isAlwaysThere
    ? [{ from: -Infinity, to: Infinity, capacity: along.capacity }]
    : hoursOf(along, service, first, last);
  const takenDuring = countTaken(along.busy, service);
  return ({ start, end }) => {
    const capacity = capacityDuring(spans, start, end, openDuring(hours, start, end));
    return { capacity, seatsFree: capacity - takenDuring(start, end, capacity) };
  };
}

function hoursOf(along: Along, service: Service, first: number, last: number): Open[] {
  const hours: Open[] = [];
  for (let day = first; day <= last; day += 1) {
    for (const { tz, startMin, endMin, capacity } of windowsOn(along, service, day)) {
      const clock = clockOf(tz);
      hours.push({
        from: clock.firstInstantFrom(day * dayMs + startMin * minuteMs),
        to: clock.lastInstantBefore(day * dayMs + endAfter(startMin, endMin) * minuteMs),
        capacity: capacity ?? along.capacity,
      });
    }
  }
  return hours.sort((a, b) => a.from - b.from);
}

/** Of hours that follow each other the ones that serve least count; zero unless they cover all of it. */
function openDuring(hours: readonly Open[], start: number, end: number): number {
  let [covered, capacity] = [start, Infinity];
  for (const { from, to, ...open } of hours) {
    if (covered >= end || from > covered) break;
    if (to <= covered) continue;
    covered = to;
    capacity = Math.min(capacity, open.capacity);
  }
  return covered >= end ? capacity : 0;
}

/** The slots at which all rooms and devices are there, with as many seats as the scarcest has. */
export function withAlong(
  slots: readonly Slot[],
  service: Service,
  along: readonly Along[],
  range: Range,
): readonly Slot[] {
  if (along.length === 0) return slots;
  const then = along.map((each) => alongFor(each, service, range));
  return slots.flatMap((slot) => {
    const found = then.map((of) => of(slot));
    if (found.some(({ capacity }) => capacity === 0)) return [];
    return [{ ...slot, seatsFree: Math.min(slot.seatsFree, ...found.map(({ seatsFree }) => seatsFree)) }];
  });
}
