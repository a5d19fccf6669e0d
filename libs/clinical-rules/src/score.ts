import type { ScoreInput, ScoreInputs } from './inputs.js';

/** Where a rule comes from, and who answers for it here. */
export interface RuleSource {
  readonly id: string;
  /** Results are kept with it: a changed table is a new version. */
  readonly version: string;
  readonly source: string;
  /** Who signed it off for clinical use. */
  readonly reviewer: string;
  /** ISO date from which this version is applied. */
  readonly effectiveFrom: string;
}

export type AlarmPriority = 'high' | 'medium';

/** What a total means. The first level that is met counts. */
export interface Level {
  readonly band: string;
  readonly from: number;
  /** Met as well by this many points for one parameter alone. */
  readonly single?: number;
  readonly alarm?: AlarmPriority;
}

/** Points of one parameter. With `missing` they are what it is worth at least, whatever the missing input says. */
export interface Finding {
  readonly points: number;
  readonly missing?: ScoreInput | 'birthDate';
}

export type Rule = (inputs: ScoreInputs) => Finding;

export interface ScoreProfile extends RuleSource {
  readonly levels: readonly Level[];
}

export const incomplete = 'incomplete';

export interface Score {
  readonly profile: string;
  readonly version: string;
  /** Null when an input is missing: an incomplete score is no score. */
  readonly total: number | null;
  /** The points of what is known. No points are negative, so a total would be at least this. */
  readonly partial: number;
  /** Of a level, or `incomplete`. */
  readonly band: string;
  readonly points: Readonly<Record<string, number>>;
  readonly missing: readonly string[];
  /** What is known suffices for it, complete or not. */
  readonly alarm: AlarmPriority | null;
}

export function applyRules(
  { id, version, levels }: ScoreProfile,
  rules: Readonly<Record<string, Rule>>,
  inputs: ScoreInputs,
): Score {
  const found = Object.entries(rules).map(([parameter, rule]) => ({ parameter, ...rule(inputs) }));
  const partial = found.reduce((sum, { points }) => sum + points, 0);
  const highest = Math.max(...found.map(({ points }) => points));
  const missing = [...new Set(found.flatMap((finding) => finding.missing ?? []))];
  const level = levels.find(({ from, single = Infinity }) => partial >= from || highest >= single);
  return {
    profile: id,
    version,
    total: missing.length === 0 ? partial : null,
    partial,
    band: missing.length === 0 && level ? level.band : incomplete,
    points: Object.fromEntries(found.map(({ parameter, points }) => [parameter, points])),
    missing,
    alarm: level?.alarm ?? null,
  };
}
