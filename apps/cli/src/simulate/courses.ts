/** How a patient fares: `stable`, or one of three ways of getting worse and recovering. */
export const courses = ['stable', 'sepsis', 'hypoxia', 'bleeding'] as const;
export type Course = (typeof courses)[number];

/** What an illness does to a well patient's signs: factors for rates and pressure, differences for the others. */
export interface CourseEffect {
  readonly hr: number;
  readonly rr: number;
  readonly systolic: number;
  readonly temp: number;
  readonly spo2: number;
}

const worst: Readonly<Record<Course, CourseEffect>> = {
  stable: { hr: 1, rr: 1, systolic: 1, temp: 0, spo2: 0 },
  sepsis: { hr: 1.55, rr: 1.8, systolic: 0.72, temp: 2.5, spo2: -5 },
  hypoxia: { hr: 1.3, rr: 1.9, systolic: 1.05, temp: 0, spo2: -14 },
  bleeding: { hr: 1.7, rr: 1.45, systolic: 0.6, temp: -0.8, spo2: -2 },
};

/** @param severity from 0 (well) to 1 (the worst of this course) */
export function courseEffect(course: Course, severity: number): CourseEffect {
  const full = worst[course];
  const factor = (atWorst: number): number => 1 + (atWorst - 1) * severity;
  return {
    hr: factor(full.hr),
    rr: factor(full.rr),
    systolic: factor(full.systolic),
    temp: full.temp * severity,
    spo2: full.spo2 * severity,
  };
}

/** Resting medians by age in years; between two rows the values are interpolated. */
const byAge = [
  { age: 0, hr: 136, rr: 42, systolic: 74 },
  { age: 1, hr: 122, rr: 32, systolic: 88 },
  { age: 3, hr: 108, rr: 26, systolic: 94 },
  { age: 6, hr: 94, rr: 22, systolic: 99 },
  { age: 12, hr: 82, rr: 18, systolic: 110 },
  { age: 18, hr: 74, rr: 15, systolic: 117 },
  { age: 50, hr: 74, rr: 15, systolic: 125 },
  { age: 90, hr: 71, rr: 17, systolic: 138 },
] as const;

export interface AgeBaseline {
  readonly hr: number;
  readonly rr: number;
  readonly systolic: number;
}

export function ageBaseline(ageYears: number): AgeBaseline {
  const above = byAge.findIndex((row) => row.age >= ageYears);
  const high = byAge[above === -1 ? byAge.length - 1 : above] ?? byAge[0];
  const low = above > 0 ? (byAge[above - 1] ?? high) : high;
  const share = high.age === low.age ? 0 : (ageYears - low.age) / (high.age - low.age);
  const mix = (key: 'hr' | 'rr' | 'systolic'): number => low[key] + (high[key] - low[key]) * share;
  return { hr: mix('hr'), rr: mix('rr'), systolic: mix('systolic') };
}
