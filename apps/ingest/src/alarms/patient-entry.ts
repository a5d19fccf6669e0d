import { type Observations, type PatientScore, scorePatient, type Scoring } from '@hms/clinical-rules';
import type { LastScore, PatientRow, ScoreEntry } from './score-statements.js';

export const scoringOf = (row: PatientRow): Scoring => ({
  setting: row.setting,
  spo2Scale: row.spo2_scale,
  birth: row.birth_date === null ? undefined : { date: row.birth_date, precision: row.birth_date_precision },
});

export interface Outcome {
  readonly row: PatientRow;
  /** When, in microseconds since 1970. */
  readonly at: number;
  /** Undefined when a clinician switched scoring off. */
  readonly scored: PatientScore | undefined;
  /** What is to be recorded, if anything. */
  readonly entry: ScoreEntry | undefined;
}

/**
 * The patient's score at that microsecond or later: never before the last one, because it knows all that one knew.
 * @param ward overrides where the patient was assigned last
 */
export function scoreNow(row: PatientRow, observations: Observations, from: number, ward = row.ward_id): Outcome {
  const { last } = row;
  const moment = Math.max(from, last?.at ?? 0);
  const scored = scorePatient(scoringOf(row), observations.newest, moment / 1_000);
  const changed = scored !== undefined && differs(scored.score, last);
  const at = changed && moment === last?.at ? moment + 1 : moment;
  const base = { patient: row.id, ward, at, retrospective: false };
  if (!scored) return { row, at, scored, entry: row.alarm ? { ...base, ...notScored } : undefined };
  const entry = { ...base, ...scored.score, inputs: scored.inputs, changed };
  return { row, at, scored, entry: changed || row.alarm || entry.alarm !== null ? entry : undefined };
}

/** The score of a time that is over, from what was known then. */
export function scoreThen(
  row: PatientRow,
  observations: Observations,
  at: number,
  { retrospective }: { readonly retrospective: boolean },
): ScoreEntry | undefined {
  const scored = scorePatient(scoringOf(row), observations.newest, at / 1_000);
  if (!scored) return undefined;
  const changed = retrospective || differs(scored.score, row.last);
  const alarm = retrospective ? null : scored.score.alarm;
  const base = { patient: row.id, ward: row.ward_id, at, retrospective };
  return changed || alarm ? { ...base, ...scored.score, inputs: scored.inputs, alarm, changed } : undefined;
}

function differs({ profile, total, partial, band, missing }: LastScore, last: LastScore | null): boolean {
  return (
    last?.profile !== profile ||
    last.total !== total ||
    last.partial !== partial ||
    last.band !== band ||
    last.missing.join() !== missing.join()
  );
}

const notScored = {
  profile: 'off',
  version: '',
  total: null,
  partial: 0,
  band: '',
  points: {},
  inputs: {},
  missing: [],
  alarm: null,
  changed: false,
};
