import { Observations, observedCodes } from '@hms/clinical-rules';
import { type VitalValue, vitalToNumber } from '@hms/contracts';
import type { Lane } from '../database/lane.js';
import { field, fields } from '../telemetry/fields.js';
import type { PatientValues } from '../telemetry/live/newest-values.js';
import { doubtOf } from './limits.js';
import {
  type MeasuredRow,
  type ObservationRow,
  selectCharted,
  selectDoubts,
  selectMeasured,
  selectObservations,
} from './score-statements.js';
import { scoredFields } from './scored-fields.js';

type Reader = Pick<Lane, 'run'>;

/** Adds what was read. A doubtful value is none, and hides what was known before: the score lacks it then. */
export function observeReadings(
  observations: Observations,
  { values, times, doubtful }: Pick<PatientValues, 'values' | 'times' | 'doubtful'>,
): void {
  for (const { place, observed } of scoredFields) {
    const at = times[place] ?? NaN;
    if (Number.isNaN(at)) continue;
    const isDoubtful = (doubtful & (1 << place)) !== 0;
    observations.observe(observed, isDoubtful ? NaN : (values[place] ?? NaN), at / 1_000);
  }
}

/** What is known of the patients now. */
export async function observationsNow(
  lane: Reader,
  schema: string,
  ids: readonly string[],
): Promise<ReadonlyMap<string, Observations>> {
  const rows = await lane.run<ObservationRow>(selectObservations(schema, ids));
  const suspects = rows.flatMap(suspicion);
  const doubts = suspects.length === 0 ? [] : await lane.run<Suspect>(selectDoubts(schema, suspects));
  const doubtful = new Set(doubts.map(keyOf));
  return byPatient(
    rows.map((row) => ({ ...row, doubtful: suspicion(row).some((suspect) => doubtful.has(keyOf(suspect))) })),
  );
}

/** What was known of each patient at that time, microseconds since 1970, as far as it is believed today. */
export async function observationsAt(
  lane: Reader,
  schema: string,
  until: ReadonlyMap<string, number>,
): Promise<ReadonlyMap<string, Observations>> {
  const measured = await lane.run<MeasuredRow>(selectMeasured(schema, until));
  const charted = await lane.run<ObservationRow>(selectCharted(schema, until));
  return byPatient([...measured.flatMap(observationsOf), ...charted]);
}

interface Suspect {
  readonly patient_id: string;
  readonly at: number;
  readonly flag: number;
}

const keyOf = ({ patient_id, at, flag }: Suspect): string => `${patient_id} ${at} ${flag}`;

/** Beyond these, values may be flagged; within them none is. */
const credible: ReadonlyMap<number, readonly [from: number, to: number]> = new Map([
  [field.heartRate, [1, Infinity]],
  [field.spo2, [50, Infinity]],
  [field.temperature, [30, 43]],
]);

/** The newest values are kept without their flags. */
function suspicion({ patient_id, code, value, at }: ObservationRow): Suspect[] {
  const place = fields.findIndex((each) => each.code === code);
  const [from, to] = credible.get(place) ?? [-Infinity, Infinity];
  const flag = doubtOf.get(place);
  return flag === undefined || (value >= from && value <= to) ? [] : [{ patient_id, at, flag }];
}

function observationsOf(row: MeasuredRow): ObservationRow[] {
  return scoredFields.flatMap(({ place }) => {
    const { code = '', column = '' } = fields[place] ?? {};
    const value = row[column];
    if (value === null || value === undefined) return [];
    const doubtful = (row.flags & (doubtOf.get(place) ?? 0)) !== 0;
    return [{ patient_id: row.patient_id, code, value: vitalToNumber(value as VitalValue), at: row.at, doubtful }];
  });
}

function byPatient(rows: readonly ObservationRow[]): Map<string, Observations> {
  const all = new Map<string, Observations>();
  for (const { patient_id, code, value, at, doubtful } of rows) {
    let observations = all.get(patient_id);
    if (!observations) all.set(patient_id, (observations = new Observations()));
    observations.observe(observedCodes.indexOf(code), doubtful ? NaN : value, at / 1_000);
  }
  return all;
}
