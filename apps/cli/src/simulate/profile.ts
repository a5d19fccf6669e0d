import { type Course } from './courses.js';
import { type PatientProfile } from './physiology.js';

const deteriorating: readonly Course[] = ['sepsis', 'hypoxia', 'bleeding'];

/** One patient in six deteriorates now and then, each in another way than the one before. */
export const courseOf = (index: number): Course =>
  index % 6 === 2 ? (deteriorating[Math.floor(index / 6) % deteriorating.length] ?? 'stable') : 'stable';

export interface Inpatient {
  /** Place among the hospital's monitored patients. */
  readonly index: number;
  /** Date of birth, `YYYY-MM-DD`; null when nobody knows. */
  readonly birthDate: string | null;
  /** IANA time zone of the hospital. */
  readonly timezone: string;
}

/** The body and monitor of an inpatient as of `now`, live: whoever deteriorates does so within the hour. */
export function profileOf({ index, birthDate, timezone }: Inpatient, now: number): PatientProfile {
  const ageYears = birthDate === null ? 50 : (now - Date.parse(birthDate)) / (365.25 * 86_400_000);
  return {
    ageYears: Math.max(0, ageYears),
    course: courseOf(index),
    utcOffsetMinutes: utcOffsetMinutes(timezone, now),
    cycleMinutes: 40,
    pressureEveryMinutes: 5,
    artefacts: true,
  };
}

/** What a time zone adds to UTC at a moment, in minutes. */
export function utcOffsetMinutes(timezone: string, at: number): number {
  const parts = new Intl.DateTimeFormat('en', { timeZone: timezone, timeZoneName: 'longOffset' }).formatToParts(at);
  const name = parts.find((part) => part.type === 'timeZoneName')?.value ?? 'GMT';
  const match = /GMT([+-])(\d{2}):(\d{2})/.exec(name);
  if (!match) return 0;
  return (match[1] === '-' ? -1 : 1) * (Number(match[2]) * 60 + Number(match[3]));
}
