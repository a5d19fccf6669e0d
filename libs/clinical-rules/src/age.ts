export interface BirthDate {
  /** ISO date; of a month or year its first day. */
  readonly date: string;
  readonly precision: 'year' | 'month' | 'day';
}

/** Months of age, with a fraction for the days since the last one: at least and at most. */
export interface AgeRange {
  readonly from: number;
  readonly until: number;
}

export const anyAge: AgeRange = { from: 0, until: Infinity };

/** The first and the last age the patient can have; they differ when the day of birth is not known. */
export function ageRangeAt({ date, precision }: BirthDate, at: Date): AgeRange {
  const first = new Date(date);
  const last = new Date(date);
  if (precision === 'year') last.setUTCFullYear(last.getUTCFullYear(), 11, 31);
  if (precision === 'month') last.setUTCMonth(last.getUTCMonth() + 1, 0);
  return { from: Math.max(0, months(last, at)), until: Math.max(0, months(first, at)) };
}

function months(birth: Date, at: Date): number {
  const days = at.getUTCDate() - birth.getUTCDate();
  const started = (at.getUTCFullYear() - birth.getUTCFullYear()) * 12 + at.getUTCMonth() - birth.getUTCMonth();
  // Days since the last full month are less than 31, so the fraction stays below one.
  return days >= 0 ? started + days / 31 : started - 1 + (31 + days) / 31;
}
