export const datePrecisions = ['year', 'month', 'day'] as const;
export type DatePrecision = (typeof datePrecisions)[number];

/** A date as far as it is known. `first` is its first day, at midnight UTC as Prisma keeps a `date`. */
export interface PartialDate {
  readonly first: Date;
  readonly precision: DatePrecision;
}

const form = /^(\d{4})(?:-(\d{2})(?:-(\d{2}))?)?$/;
const earliestYear = 1850;

/** Reads `1980`, `1980-05` or `1980-05-17`; undefined for anything else, a day that never was, or before 1850. */
export function parsePartialDate(text: string): PartialDate | undefined {
  const [, year, month, day] = form.exec(text) ?? [];
  if (year === undefined || Number(year) < earliestYear) return undefined;
  const first = new Date(Date.UTC(Number(year), Number(month ?? 1) - 1, Number(day ?? 1)));
  const precision = day !== undefined ? 'day' : month !== undefined ? 'month' : 'year';
  const date = { first, precision } as const;
  return formatPartialDate(date) === text ? date : undefined;
}

const lengths: Readonly<Record<DatePrecision, number>> = { year: 4, month: 7, day: 10 };

/** The way {@link parsePartialDate} reads it: never more precise than what is known. */
export const formatPartialDate = ({ first, precision }: PartialDate): string =>
  first.toISOString().slice(0, lengths[precision]);

/** The first day after the last one this date can mean. */
export function endOfPartialDate({ first, precision }: PartialDate): Date {
  const end = new Date(first);
  if (precision === 'year') end.setUTCFullYear(end.getUTCFullYear() + 1);
  else if (precision === 'month') end.setUTCMonth(end.getUTCMonth() + 1);
  else end.setUTCDate(end.getUTCDate() + 1);
  return end;
}

export const isDatePrecision = (value: string): value is DatePrecision =>
  (datePrecisions as readonly string[]).includes(value);
