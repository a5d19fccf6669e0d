import { minuteMs } from './local-day.js';
import type { Busy, Service } from './schedule.js';

/**
 * Counts the seats that are taken during one slot after another. Both come by start, so that what ended before one slot is
 * looked at no more for the next.
 */
export function countTaken(
  busy: readonly Busy[],
  { bufferBeforeMin, bufferAfterMin }: Service,
): (start: number, end: number, capacity: number) => number {
  const [before, after] = [bufferBeforeMin * minuteMs, bufferAfterMin * minuteMs];
  /** The slot for which a seat was counted last, by seat. */
  const countedFor: number[] = [];
  let ended = 0;
  return (start, end, capacity) => {
    const [from, to] = [start - before, end + after];
    for (let next = busy[ended]; next && next.end <= from; next = busy[ended]) ended += 1;
    let taken = 0;
    for (let i = ended; i < busy.length; i += 1) {
      const each = busy[i];
      if (!each || each.start >= to) break;
      if (each.end <= from || each.seat > capacity || countedFor[each.seat] === start) continue;
      countedFor[each.seat] = start;
      taken += 1;
    }
    return taken;
  };
}
