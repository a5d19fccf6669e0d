import {
  InputBands,
  Observations,
  observedCodes,
  type Observation,
  type PatientScore,
  scorePatient,
  type Scoring,
} from '@hms/clinical-rules';
import { LRUCache } from 'lru-cache';
import type { Lane } from '../database/lane.js';
import type { Hospital } from '../hospitals/hospital.js';
import { fields } from '../telemetry/fields.js';
import type { PatientValues } from '../telemetry/live/newest-values.js';
import { type LastScore, type PatientRow, type ScoreEntry, selectPatients } from './score-statements.js';

/** Places in `fields` of what a score may be made of, and where `observedCodes` has the same. */
const scoredFields = fields.flatMap(({ code }, place) => {
  const observed = observedCodes.indexOf(code);
  return observed === -1 ? [] : [{ place, observed }];
});

const remembered = 50_000;
/** A date of birth that is corrected counts after this at the latest; what clinicians decide moves the epoch. */
const rememberedForMs = 5 * 60_000;

/** One patient as the scores see them. */
export class ScoredPatient {
  readonly #observations = new Observations();
  readonly #scoring: Scoring;
  /** By input, as they were when the patient was scored last; of which score. */
  readonly #bands: number[] = [];
  #bandsOf: InputBands | undefined;
  #ward: string | null;
  #last: LastScore | null;
  #alarmed: boolean;
  /** An alarm is open, or should be: then time alone may change something. */
  #unsettled = true;

  constructor(
    readonly id: string,
    readonly epoch: number,
    row: PatientRow,
  ) {
    const { birth_date: date, birth_date_precision: precision } = row;
    this.#scoring = {
      setting: row.setting,
      spo2Scale: row.spo2_scale,
      birth: date === null ? undefined : { date, precision },
    };
    this.#ward = row.ward_id;
    this.#last = row.last;
    this.#alarmed = row.alarmed;
    for (const { code, value, at } of row.observations ?? []) {
      this.#observations.observe(observedCodes.indexOf(code), value, at);
    }
  }

  /** Whether an alarm of a score is open, as far as this process knows. */
  get alarmed(): boolean {
    return this.#alarmed;
  }

  /** Takes over what is newer. */
  observe({ assignment, values, times }: PatientValues): void {
    this.#ward = assignment.wardId;
    for (const { place, observed } of scoredFields) {
      const at = times[place] ?? NaN;
      if (!Number.isNaN(at)) this.#observations.observe(observed, values[place] ?? NaN, at / 1_000);
    }
  }

  /** The same of one reading, with a value per entry of `fields`. */
  observeAt(values: readonly number[], at: number): void {
    for (const { place, observed } of scoredFields) {
      const value = values[place] ?? NaN;
      if (!Number.isNaN(value)) this.#observations.observe(observed, value, at / 1_000);
    }
  }

  /** The score at that microsecond; undefined when there is nothing to tell of it. */
  score(at: number): ScoreEntry | undefined {
    if (!this.#unsettled && this.#bandsOf?.refresh(this.#bands, this.#observations, at / 1_000) === false)
      return undefined;
    const scored = scorePatient(this.#scoring, this.#observations.newest, at / 1_000);
    this.#watch(scored, at);
    this.#unsettled = this.#alarmed || scored?.score.alarm !== null;
    const base = { patient: this.id, ward: this.#ward, at, retrospective: false };
    if (!scored) return this.#alarmed ? { ...base, ...notScored } : undefined;
    const entry = { ...base, ...scored.score, inputs: scored.inputs, changed: this.#differs(scored.score) };
    return entry.changed || this.#alarmed || entry.alarm !== null ? entry : undefined;
  }

  /** The score of a time that is over, from what was observed until then. It alarms nobody. */
  scoreOf(at: number, observed: ReadonlyMap<string, Observation>): ScoreEntry | undefined {
    const scored = scorePatient(this.#scoring, (code) => observed.get(code), at / 1_000);
    if (!scored) return undefined;
    const base = { patient: this.id, ward: this.#ward, at, retrospective: true };
    return { ...base, ...scored.score, inputs: scored.inputs, alarm: null, changed: true };
  }

  /** To be called once the entry is committed. */
  recorded(entry: ScoreEntry, alarmed: boolean): void {
    if (!entry.retrospective) this.#last = entry;
    this.#alarmed = alarmed;
    this.#unsettled ||= alarmed;
  }

  /** While none of its bands changes, the patient is not scored again. */
  #watch(scored: PatientScore | undefined, at: number): void {
    this.#bandsOf = scored && InputBands.of(scored.score.profile, this.#scoring.spo2Scale);
    this.#bandsOf?.refresh(this.#bands, this.#observations, at / 1_000);
  }

  #differs({ profile, total, partial, band, missing }: LastScore): boolean {
    const last = this.#last;
    return (
      last?.profile !== profile ||
      last.total !== total ||
      last.partial !== partial ||
      last.band !== band ||
      last.missing.join() !== missing.join()
    );
  }
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

/** The patients of late, from memory while nothing says that they changed. */
export class ScoredPatients {
  readonly #known = new LRUCache<string, ScoredPatient>({ max: remembered, ttl: rememberedForMs });

  constructor(private readonly lane: Pick<Lane, 'run'>) {}

  /** Those of the ids that live and are scored. @param anew reads them whatever is known */
  async of(hospital: Hospital, ids: readonly string[], anew = false): Promise<ReadonlyMap<string, ScoredPatient>> {
    const found = new Map<string, ScoredPatient>();
    const unknown: string[] = [];
    for (const id of ids) {
      const known = anew ? undefined : this.#known.get(`${hospital.id} ${id}`);
      if (known?.epoch === hospital.epoch) found.set(id, known);
      else unknown.push(id);
    }
    if (unknown.length === 0) return found;
    const { epoch } = hospital;
    for (const row of await this.lane.run<PatientRow>(selectPatients(hospital.schema, unknown, observedCodes))) {
      const patient = new ScoredPatient(row.id, epoch, row);
      this.#known.set(`${hospital.id} ${row.id}`, patient);
      found.set(row.id, patient);
    }
    return found;
  }

  /** What is known of them may be wrong. */
  forget(hospital: Hospital, ids: Iterable<string>): void {
    for (const id of ids) this.#known.delete(`${hospital.id} ${id}`);
  }
}
