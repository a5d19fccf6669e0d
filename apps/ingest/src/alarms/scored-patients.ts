import { observedCodes, type Observation, scorePatient, type Scoring } from '@hms/clinical-rules';
import { LRUCache } from 'lru-cache';
import type { Lane } from '../database/lane.js';
import type { Hospital } from '../hospitals/hospital.js';
import { fields } from '../telemetry/fields.js';
import { type LastScore, type PatientRow, type ScoreEntry, selectPatients } from './score-statements.js';

const remembered = 50_000;
/** A date of birth that is corrected counts after this at the latest; what clinicians decide moves the epoch. */
const rememberedForMs = 5 * 60_000;

/** One patient as the scores see them. */
export class ScoredPatient {
  readonly #newest = new Map<string, Observation>();
  readonly #scoring: Scoring;
  #ward: string | null;
  #last: LastScore | null;
  #alarmed: boolean;

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
    for (const { code, value, at } of row.observations ?? []) this.#observe(code, { value, at });
  }

  /** Whether an alarm of a score is open, as far as this process knows. */
  get alarmed(): boolean {
    return this.#alarmed;
  }

  /** Takes over what is newer. @param times of each value, or of all, microseconds since 1970 */
  observe(values: readonly number[], times: readonly number[] | number): void {
    for (const [i, { code }] of fields.entries()) {
      const value = values[i] ?? NaN;
      const at = typeof times === 'number' ? times : (times[i] ?? NaN);
      if (!Number.isNaN(value)) this.#observe(code, { value, at: at / 1_000 });
    }
  }

  isOn(wardId: string): void {
    this.#ward = wardId;
  }

  /** The score at that microsecond; undefined when there is nothing to tell of it. */
  score(at: number): ScoreEntry | undefined {
    const scored = scorePatient(this.#scoring, (code) => this.#newest.get(code), at / 1_000);
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
  }

  #observe(code: string, observation: Observation): void {
    if (observation.at >= (this.#newest.get(code)?.at ?? -Infinity)) this.#newest.set(code, observation);
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
