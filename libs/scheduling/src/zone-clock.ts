const dayMs = 86_400_000;
const hourMs = 3_600_000;
/** Days remembered for one zone. */
const maxDays = 2_000;

/** How far a zone's clocks are ahead of UTC around one day: `before` until the moment `at`, `after` from then on. */
interface Shift {
  readonly before: number;
  readonly after: number;
  readonly at: number;
}

/**
 * The wall clocks of an IANA zone. A wall time is a number too: what `Date.UTC` makes of what the clocks show. What a day's
 * offsets are is looked up once, everything else is arithmetic.
 */
export class ZoneClock {
  readonly #format: Intl.DateTimeFormat;
  readonly #shifts = new Map<number, Shift>();

  /** @throws a RangeError for a zone that is not known */
  constructor(readonly zone: string) {
    this.#format = new Intl.DateTimeFormat('en-US', {
      timeZone: zone,
      calendar: 'gregory',
      numberingSystem: 'latn',
      hourCycle: 'h23',
      year: 'numeric',
      month: 'numeric',
      day: 'numeric',
      hour: 'numeric',
      minute: 'numeric',
      second: 'numeric',
    });
  }

  /** When the clocks show that: never in a gap, the first time of two. */
  instantOf(wall: number): number | undefined {
    const { before, after, at } = this.#shiftAround(wall);
    if (wall - before < at) return wall - before;
    return wall - after >= at ? wall - after : undefined;
  }

  /** The first moment at which the clocks show that or more. */
  firstInstantFrom(wall: number): number {
    return this.instantOf(wall) ?? this.#shiftAround(wall).at;
  }

  /** The moment until which the clocks show less than that: the second time of two. */
  lastInstantBefore(wall: number): number {
    const { after, at } = this.#shiftAround(wall);
    return wall - after >= at ? wall - after : this.firstInstantFrom(wall);
  }

  /** What the clocks show then. */
  wallOf(instant: number): number {
    const { before, after, at } = this.#shiftAround(instant);
    return instant + (instant < at ? before : after);
  }

  /** No zone is as far from UTC as this window is wide, so a day's shift is the same for its wall times and its instants. */
  #shiftAround(time: number): Shift {
    const day = Math.floor(time / dayMs);
    const known = this.#shifts.get(day);
    if (known) return known;
    if (this.#shifts.size >= maxDays) this.#shifts.clear();
    const shift = this.#findShift(day * dayMs - 16 * hourMs, day * dayMs + 40 * hourMs);
    this.#shifts.set(day, shift);
    return shift;
  }

  #findShift(from: number, to: number): Shift {
    const [before, after] = [this.#offsetAt(from), this.#offsetAt(to)];
    if (before === after) return { before, after, at: Infinity };
    let [low, high] = [from, to];
    while (high - low > 1) {
      const middle = Math.floor((low + high) / 2);
      if (this.#offsetAt(middle) === before) low = middle;
      else high = middle;
    }
    return { before, after, at: high };
  }

  #offsetAt(instant: number): number {
    const shown: Record<string, number> = {};
    for (const { type, value } of this.#format.formatToParts(instant)) shown[type] = Number(value);
    const { year = 0, month = 1, day = 1, hour = 0, minute = 0, second = 0 } = shown;
    return Date.UTC(year, month - 1, day, hour, minute, second) - Math.floor(instant / 1_000) * 1_000;
  }
}

const clocks = new Map<string, ZoneClock>();

/** The clock of a zone, made once. @throws a RangeError for a zone that is not known */
export function clockOf(zone: string): ZoneClock {
  const known = clocks.get(zone);
  if (known) return known;
  const clock = new ZoneClock(zone);
  clocks.set(zone, clock);
  return clock;
}
