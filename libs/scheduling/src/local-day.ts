/** Calendar days as numbers, counted from 1970-01-01, and times of day in minutes. */
export const dayMs = 86_400_000;
export const minuteMs = 60_000;

/** Undefined for what is no day of the calendar. */
export function parseDay(text: string): number | undefined {
  if (!/^\d{4}-\d{2}-\d{2}$/.test(text)) return undefined;
  const time = Date.parse(`${text}T00:00:00Z`);
  return Number.isNaN(time) || formatDay(time / dayMs) !== text ? undefined : time / dayMs;
}

export const formatDay = (day: number): string => new Date(day * dayMs).toISOString().slice(0, 10);

/** ISO 8601: Monday is 1. 1970-01-01 was a Thursday. */
export const weekdayOf = (day: number): number => ((((day + 3) % 7) + 7) % 7) + 1;

/** `HH:MM` in minutes. */
export const parseTime = (text: string): number => Number(text.slice(0, 2)) * 60 + Number(text.slice(3, 5));
