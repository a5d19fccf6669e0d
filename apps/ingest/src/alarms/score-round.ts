import { InputBands, Observations, observedCodes } from '@hms/clinical-rules';
import type { Lane } from '../database/lane.js';
import type { Hospital } from '../hospitals/hospital.js';
import { keepNewest } from '../telemetry/live/keep-newest.js';
import { NewestValues, type PatientValues } from '../telemetry/live/newest-values.js';
import { assertEpochs } from '../telemetry/store/statements.js';
import { type Outcome, scoreNow } from './patient-entry.js';
import { observationsNow, observeReadings } from './score-observations.js';
import {
  type DueRow,
  holdMarks,
  type PatientRow,
  recordScores,
  selectPatients,
  setMarks,
  settleDue,
} from './score-statements.js';

/** A patient to be scored, and why. */
export interface Ask {
  readonly patient: string;
  /** What was committed since the last time. */
  readonly readings: PatientValues | undefined;
  /** Somebody charted. */
  readonly due: DueRow | undefined;
}

/** What a patient was scored by. */
export interface Seen {
  readonly patient: string;
  readonly observations: Observations;
  readonly at: number;
  /** Undefined of who is not scored. */
  readonly bandsOf: InputBands | undefined;
  readonly bands: number[];
  readonly mark: string;
  /** From then on time alone may change something. */
  readonly lookAgainAt: number;
  readonly raised: boolean;
}

const wellnessMicros = 30_000_000;
const begin = `begin; set local statement_timeout = '5s'; set local lock_timeout = '2s'`;

/**
 * Scores patients by all that any process stored, and commits what follows. Whoever scores one of them too waits, and
 * knows all of this then: of two scores the later one is never by less.
 * @param lane of this alone: a transaction is open on it
 * @param epoch at which the patients of the readings were found; it fails with 22012 when it is another by now
 */
export async function scoreRound(
  lane: Lane,
  hospital: Hospital,
  asks: readonly Ask[],
  { writer, epoch }: { readonly writer: number; readonly epoch: number },
): Promise<readonly Seen[]> {
  const { schema } = hospital;
  const sameEpoch = asks.some(({ readings }) => readings) ? [assertEpochs([{ hospital, devices: { epoch } }])] : [];
  try {
    const marks = holdMarks(
      schema,
      asks.map(({ patient }) => patient),
      writer,
    );
    await lane.run(
      [...share(schema, asks).flatMap((shared) => [begin, shared, ...sameEpoch, 'commit']), begin, marks].join('; '),
    );
    const outcomes = await outcomesOf(lane, schema, asks);
    const entries = [...outcomes.values()].flatMap(({ entry }) => entry ?? []);
    const open = entries.length === 0 ? [] : await lane.run<{ patient_id: string }>(recordScores(schema, entries));
    const alarmed = new Set(open.map(({ patient_id }) => patient_id));
    const seen = asks.map((ask) => seenOf(ask, outcomes.get(ask.patient), alarmed.has(ask.patient)));
    const changed = new Map(seen.filter((each) => each.mark !== outcomes.get(each.patient)?.row.mark).map(toMark));
    const due = asks.flatMap((ask) => ask.due ?? []);
    await lane.run(
      [
        ...(changed.size > 0 ? [setMarks(schema, changed, writer)] : []),
        ...(due.length > 0 ? [settleDue(schema, due)] : []),
        ...sameEpoch,
        'commit',
      ].join('; '),
    );
    return seen;
  } catch (err) {
    await lane.rollback();
    throw err;
  }
}

const toMark = ({ patient, mark }: Seen) => [patient, mark] as const;

/**
 * Other processes read what was committed here from the newest vitals, which is written a little later. A transaction of
 * its own: an assignment locks alarms and newest vitals of patient after patient, and who waits for one holds no other.
 */
function share(schema: string, asks: readonly Ask[]): string[] {
  const newest = new NewestValues();
  for (const { readings } of asks) if (readings) newest.mergePatient(readings);
  return newest.isEmpty ? [] : [keepNewest(schema, newest)];
}

async function outcomesOf(
  lane: Lane,
  schema: string,
  asks: readonly Ask[],
): Promise<ReadonlyMap<string, Outcome & Known>> {
  const rows = await lane.run<PatientRow>(
    selectPatients(schema, new Map(asks.map(({ patient }) => [patient, Infinity]))),
  );
  const byId = new Map(rows.map((row) => [row.id, row]));
  const known = await observationsNow(lane, schema, [...byId.keys()]);
  const outcomes = new Map<string, Outcome & Known>();
  for (const { patient, readings, due } of asks) {
    const row = byId.get(patient);
    if (!row) continue;
    const observations = known.get(patient) ?? new Observations();
    if (readings) observeReadings(observations, readings);
    const from = Math.max(
      due ? Date.now() * 1_000 : 0,
      readings?.recordedAt ?? 0,
      ...observedCodes.map((_, place) => Math.round(observations.timeOf(place) * 1_000)),
    );
    outcomes.set(patient, { ...scoreNow(row, observations, from, readings?.assignment.wardId), observations });
  }
  return outcomes;
}

interface Known {
  readonly observations: Observations;
}

function seenOf({ patient }: Ask, outcome: (Outcome & Known) | undefined, isOpen: boolean): Seen {
  if (!outcome?.scored) {
    const mark = outcome?.row.mark ?? '';
    const nothing = { observations: new Observations(), at: 0, bandsOf: undefined, bands: [], lookAgainAt: Infinity };
    return { patient, ...nothing, mark, raised: false };
  }
  const { row, at, scored, observations } = outcome;
  const bandsOf = InputBands.of(scored.score.profile, row.spo2_scale);
  const bands: number[] = [];
  bandsOf.refresh(bands, observations, at / 1_000);
  const mark = `${scored.score.profile} ${bands.join(' ')}${isOpen ? ' alarm' : ''}`;
  const lookAgainAt = lookAgainOf(outcome, isOpen);
  return { patient, observations, at, bandsOf, bands, mark, lookAgainAt, raised: isOpen && !row.alarm };
}

function lookAgainOf({ row, at, scored }: Outcome, isOpen: boolean): number {
  const isIll = scored !== undefined && scored.score.alarm !== null;
  // An alarm that could not be raised, as that of somebody on no ward.
  if (isIll) return isOpen ? Infinity : at + wellnessMicros;
  if (!isOpen) return Infinity;
  const since = row.alarm?.normalSince ?? at;
  return since + wellnessMicros > at ? since + wellnessMicros : at + wellnessMicros;
}
