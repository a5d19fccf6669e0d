import { ageRangeAt, anyAge, type AgeRange, type BirthDate } from './age.js';
import { scoreBedsidePews } from './bedside-pews.js';
import { inputsAt, type NewestObservation, type ScoreInputs } from './inputs.js';
import { scoreNews2, type Spo2Scale } from './news2.js';
import { incomplete, type Score } from './score.js';

/** What decides how a patient is scored. */
export interface Scoring {
  readonly setting: 'by-age' | 'news2' | 'bedside-pews' | 'off';
  readonly spo2Scale: Spo2Scale;
  readonly birth: BirthDate | undefined;
}

export interface PatientScore {
  readonly score: Score;
  readonly inputs: ScoreInputs;
}

const adultMonths = 16 * 12;

/**
 * The patient's score at a moment, undefined when a clinician switched scoring off. By age it is NEWS2 from 16 years on;
 * a patient whose age is not known to be below is scored like an adult, but not completely: an unconscious stranger
 * must not go unwatched.
 * @param at milliseconds since 1970
 */
export function scorePatient(scoring: Scoring, newest: NewestObservation, at: number): PatientScore | undefined {
  const { setting, spo2Scale, birth } = scoring;
  if (setting === 'off') return undefined;
  const ageMonths = birth ? ageRangeAt(birth, new Date(at)) : anyAge;
  const inputs = inputsAt(newest, at);
  if (setting === 'bedside-pews' || (setting === 'by-age' && isChild(ageMonths))) {
    return { score: scoreBedsidePews(inputs, { ageMonths }), inputs };
  }
  const score = scoreNews2(inputs, { spo2Scale });
  return { score: setting === 'by-age' && !isAdult(ageMonths) ? ofUnknownAge(score) : score, inputs };
}

const isChild = ({ until }: AgeRange): boolean => until < adultMonths;
const isAdult = ({ from }: AgeRange): boolean => from >= adultMonths;

const ofUnknownAge = (score: Score): Score => ({
  ...score,
  total: null,
  band: incomplete,
  missing: [...score.missing, 'birthDate'],
});
