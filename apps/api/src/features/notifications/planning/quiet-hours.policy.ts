/** Local times `HH:MM` between which nobody is disturbed, past midnight too; equal ones mean never. */
export interface QuietHours {
  readonly from: string;
  readonly until: string;
  /** IANA zone of the recipient. */
  readonly timezone: string;
}

const minuteMs = 60_000;
const day = 1_440;

/** `now`, or the end of the quiet hours that it lies in. */
export function afterQuietHours(now: Date, { from, until, timezone }: QuietHours): Date {
  const [start, end] = [minutesOf(from), minutesOf(until)];
  const isQuiet = (time: Date): boolean => {
    const local = localMinutes(time, timezone);
    return start <= end ? local >= start && local < end : local >= start || local < end;
  };
  if (start === end || !isQuiet(now)) return now;
  let time = new Date(Math.floor(now.getTime() / minuteMs) * minuteMs);
  time = later(time, modulo(end - localMinutes(time, timezone)));
  // A change of the clocks in between moved the end by less than half a day.
  time = later(time, modulo(end - localMinutes(time, timezone) + day / 2) - day / 2);
  // Where clocks are put forward over the end, the first minute after the gap is the end.
  while (isQuiet(time)) time = later(time, 1);
  return time;
}

const later = (time: Date, minutes: number): Date => new Date(time.getTime() + minutes * minuteMs);
const modulo = (minutes: number): number => ((minutes % day) + day) % day;
const minutesOf = (time: string): number => Number(time.slice(0, 2)) * 60 + Number(time.slice(3));

const clocks = new Map<string, Intl.DateTimeFormat>();

function localMinutes(time: Date, timezone: string): number {
  const options = { hour: '2-digit', minute: '2-digit', hourCycle: 'h23', timeZone: timezone } as const;
  const clock = clocks.get(timezone) ?? new Intl.DateTimeFormat('en-GB', options);
  clocks.set(timezone, clock);
  return minutesOf(clock.format(time));
}
