import { type AgeRange } from './age.js';
import { breathesOxygen, type ScoreInput, type ScoreInputs } from './inputs.js';
import { applyRules, type Finding, type Score, type ScoreProfile } from './score.js';

/** Bedside Paediatric Early Warning System score, 0 to 26. */
export const bedsidePews = {
  id: 'bedside-pews',
  version: '2009.1',
  source: 'Parshuram CS, Hutchison J, Middaugh K. Crit Care 2009;13:R135, table 1',
  reviewer: 'unreviewed',
  effectiveFrom: '2026-01-01',
  levels: [
    // 82 % sensitive and 93 % specific in the publication.
    { band: 'critical', from: 8, alarm: 'high' },
    // Not of the publication, for a clinician to confirm.
    { band: 'review', from: 5, alarm: 'medium' },
    { band: 'low', from: 0 },
  ],
} as const satisfies ScoreProfile;

/** Limits worth 1, 2 and 4 points: at or above one of `high`, at or below one of `low`. The highest that is met counts. */
interface Limits {
  readonly high: readonly [number, number, number];
  readonly low: readonly [number, number, number];
}

interface AgeBand {
  /** Months of age. */
  readonly until: number;
  /** Whether `until` itself is still of this band. */
  readonly closed: boolean;
  readonly heartRate: Limits;
  readonly systolic: Limits;
  readonly respiratoryRate: Limits;
}

/**
 * The published table prints ">150" and "<50" for the heart rate of older children where its neighbours have "at or
 * above" and "at or below"; those are used throughout.
 */
const ageBands: readonly AgeBand[] = [
  {
    until: 3,
    closed: false,
    heartRate: { high: [150, 180, 190], low: [110, 90, 80] },
    systolic: { high: [80, 100, 130], low: [60, 50, 45] },
    respiratoryRate: { high: [61, 81, 91], low: [29, 19, 15] },
  },
  {
    until: 12,
    closed: false,
    heartRate: { high: [150, 170, 180], low: [100, 80, 70] },
    systolic: { high: [100, 120, 150], low: [80, 70, 60] },
    respiratoryRate: { high: [51, 71, 81], low: [24, 19, 15] },
  },
  {
    until: 4 * 12,
    closed: true,
    heartRate: { high: [120, 150, 170], low: [90, 70, 60] },
    systolic: { high: [110, 125, 160], low: [90, 75, 65] },
    respiratoryRate: { high: [41, 61, 71], low: [19, 15, 12] },
  },
  {
    until: 12 * 12,
    closed: true,
    heartRate: { high: [110, 130, 150], low: [70, 60, 50] },
    systolic: { high: [120, 140, 170], low: [90, 80, 70] },
    respiratoryRate: { high: [31, 41, 51], low: [19, 14, 10] },
  },
  {
    until: Infinity,
    closed: true,
    heartRate: { high: [100, 120, 140], low: [60, 50, 40] },
    systolic: { high: [130, 150, 190], low: [100, 85, 75] },
    respiratoryRate: { high: [17, 23, 30], low: [11, 10, 9] },
  },
];

/** Months of age, one within each band. */
export const agesApart: readonly number[] = ageBands.map(({ until }) => until - 0.5);

const worth = [1, 2, 4] as const;
const effortPoints = [0, 1, 2, 4] as const;
/** From here on oxygen is worth 4 points instead of 2. */
const muchOxygen = { litresPerMinute: 4, percent: 50 };

/** Where the age is not known well enough to say which limits apply, each parameter is worth the least they give. */
export function scoreBedsidePews(inputs: ScoreInputs, { ageMonths }: { readonly ageMonths: AgeRange }): Score {
  const bands = bandsOf(ageMonths);
  const byAge = (input: 'heartRate' | 'systolic' | 'respiratoryRate') => (): Finding => {
    const value = inputs[input];
    if (value === undefined) return { points: 0, missing: input };
    const all = bands.map((band) => pointsBeyond(band[input], Math.round(value)));
    const points = Math.min(...all);
    return all.every((each) => each === points) ? { points } : { points, missing: 'birthDate' };
  };
  const rules = {
    heartRate: byAge('heartRate'),
    systolic: byAge('systolic'),
    capillaryRefill: known('capillaryRefill', (seconds) => (seconds >= 3 ? 4 : 0)),
    respiratoryRate: byAge('respiratoryRate'),
    respiratoryEffort: known('respiratoryEffort', (grade) => effortPoints[grade] ?? 4),
    spo2: known('spo2', (percent) => spo2Points(Math.round(percent))),
    oxygen: oxygenFinding,
  };
  return applyRules(bedsidePews, rules, inputs);
}

function bandsOf({ from, until }: AgeRange): readonly AgeBand[] {
  const isWithin = (age: number, band: AgeBand): boolean => (band.closed ? age <= band.until : age < band.until);
  const first = ageBands.findIndex((band) => isWithin(from, band));
  const last = ageBands.findIndex((band) => isWithin(until, band));
  return ageBands.slice(first, last + 1);
}

function pointsBeyond({ high, low }: Limits, value: number): number {
  return worth.reduce<number>((most, points, i) => {
    const isBeyond = value >= (high[i] ?? Infinity) || value <= (low[i] ?? -Infinity);
    return isBeyond ? points : most;
  }, 0);
}

const known =
  (input: ScoreInput, points: (value: number) => number) =>
  (inputs: ScoreInputs): Finding => {
    const value = inputs[input];
    return value === undefined ? { points: 0, missing: input } : { points: points(value) };
  };

/** The publication's split between 0 and 1 was not readable; 91 to 94 follows its neighbours. */
function spo2Points(percent: number): number {
  if (percent > 94) return 0;
  return percent > 90 ? 1 : 2;
}

function oxygenFinding(inputs: ScoreInputs): Finding {
  const oxygen = breathesOxygen(inputs);
  if (oxygen === undefined) return { points: 0, missing: 'onOxygen' };
  if (!oxygen) return { points: 0 };
  const { oxygenFlow, fio2 } = inputs;
  if (oxygenFlow === undefined && fio2 === undefined) return { points: 2, missing: 'oxygenFlow' };
  const isMuch = (oxygenFlow ?? 0) >= muchOxygen.litresPerMinute || (fio2 ?? 0) >= muchOxygen.percent;
  return { points: isMuch ? 4 : 2 };
}
