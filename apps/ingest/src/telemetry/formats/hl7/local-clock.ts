const oneDayMs = 24 * 3_600_000;

/** Making one takes milliseconds, and operators name but a few zones. */
const formats = new Map<string, Intl.DateTimeFormat>();

function formatOf(timeZone: string): Intl.DateTimeFormat {
  const known = formats.get(timeZone);
  if (known) return known;
  const [numeric, hourCycle] = ['numeric', 'h23'] as const;
  const date = { year: numeric, month: numeric, day: numeric } as const;
  const time = { hour: numeric, minute: numeric, second: numeric, hourCycle } as const;
  const made = new Intl.DateTimeFormat('en-US', { timeZone, ...date, ...time });
  formats.set(timeZone, made);
  return made;
}

/** The clock on the wall of a time zone. */
export class LocalClock {
  readonly #format: Intl.DateTimeFormat;

  /**
   * @param zone IANA name
   * @param nearMs of the two hours that are one on the wall when summer ends, the nearer to this is meant
   * @throws RangeError for a zone nobody knows
   */
  constructor(
    zone: string,
    private readonly nearMs: number,
  ) {
    this.#format = formatOf(zone);
  }

  /**
   * @param wallMs what the clock shows, as if it were in UTC
   * @returns milliseconds since 1970; undefined in the hour that is left out when summer begins
   */
  toUtc(wallMs: number): number | undefined {
    const offsets = [this.#offsetAt(wallMs - oneDayMs), this.#offsetAt(wallMs + oneDayMs)];
    const possible = offsets.map((offset) => wallMs - offset).filter((utc) => utc + this.#offsetAt(utc) === wallMs);
    const distance = (utc: number): number => Math.abs(utc - this.nearMs);
    return possible.sort((a, b) => distance(a) - distance(b))[0];
  }

  /** Milliseconds ahead of UTC. */
  #offsetAt(utcMs: number): number {
    const parts = new Map(this.#format.formatToParts(utcMs).map(({ type, value }) => [type, Number(value)]));
    const [year, month, day] = (['year', 'month', 'day'] as const).map((type) => parts.get(type) ?? NaN);
    const [hour, minute, second] = (['hour', 'minute', 'second'] as const).map((type) => parts.get(type) ?? NaN);
    const wall = Date.UTC(year ?? NaN, (month ?? NaN) - 1, day, hour, minute, second);
    return wall - Math.floor(utcMs / 1_000) * 1_000;
  }
}
