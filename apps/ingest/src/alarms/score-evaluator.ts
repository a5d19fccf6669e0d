import { setImmediate as turn } from 'node:timers/promises';
import type { Observation } from '@hms/clinical-rules';
import type { Logger } from '@hms/service-kit';
import type { Lane } from '../database/lane.js';
import type { Hospital } from '../hospitals/hospital.js';
import { fields } from '../telemetry/fields.js';
import type { CommittedValues } from '../telemetry/live/committed-values.js';
import { NewestValues } from '../telemetry/live/newest-values.js';
import type { FlushMark } from '../telemetry/store/copy-encoder.js';
import type { ScoredPatient, ScoredPatients } from './scored-patients.js';
import {
  type DueRow,
  markEvaluated,
  type MeasuredRow,
  recordScores,
  type ScoreEntry,
  selectDue,
  selectUntil,
  settleDue,
  valuesOf,
} from './score-statements.js';

const evaluateEveryMs = 1_000;
const patientsAtOnce = 200;
/** Flushes beyond are left to the rescan, which finds them in the database. */
const flushesRemembered = 20_000;

export interface EvaluatorParts {
  readonly lane: Pick<Lane, 'run'>;
  readonly patients: ScoredPatients;
  readonly logger: Logger;
  /** Called after alarms were committed, with the seconds since the first of their readings was. */
  readonly onRaised: (alarms: number, lagSeconds: number) => void;
}

/** What was committed and not evaluated yet: of each patient only the newest values, so it cannot grow without limit. */
class Backlog {
  readonly fresh = new NewestValues();
  readonly late = new NewestValues();
  readonly flushes: FlushMark[] = [];
  readonly since = performance.now();
}

/**
 * Scores patients by what was committed, a second later at most and never in the way of an answer. Where it falls behind
 * it skips values in between, never a patient. What a crash takes with it, `ScoreRescan` finds.
 */
export class ScoreEvaluator {
  #backlogs = new Map<Hospital, Backlog>();
  #timer: NodeJS.Timeout | undefined;
  #evaluating: Promise<void> = Promise.resolve();
  #stopped = false;

  constructor(private readonly parts: EvaluatorParts) {}

  /** Remembers what was committed. */
  add(hospital: Hospital, { fresh, late }: CommittedValues, mark: FlushMark): void {
    const backlog = this.#backlogOf(hospital);
    backlog.fresh.merge(fresh);
    backlog.late.merge(late);
    if (backlog.flushes.length < flushesRemembered) backlog.flushes.push(mark);
    this.#schedule();
  }

  /** Somebody charted for a patient of the hospital. */
  ask(hospital: Hospital): void {
    this.#backlogOf(hospital);
    this.#schedule();
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    clearTimeout(this.#timer);
    await this.#evaluating;
    await this.#evaluateAll();
  }

  #backlogOf(hospital: Hospital): Backlog {
    let backlog = this.#backlogs.get(hospital);
    if (!backlog) this.#backlogs.set(hospital, (backlog = new Backlog()));
    return backlog;
  }

  #schedule(): void {
    if (this.#stopped) return;
    this.#timer ??= setTimeout(() => {
      this.#evaluating = this.#evaluateAll().then(() => {
        this.#timer = undefined;
        if (this.#backlogs.size > 0) this.#schedule();
      });
    }, evaluateEveryMs);
  }

  async #evaluateAll(): Promise<void> {
    const backlogs = this.#backlogs;
    this.#backlogs = new Map();
    for (const [hospital, backlog] of backlogs) {
      try {
        await this.#evaluate(hospital, backlog);
      } catch (err) {
        this.parts.logger.warn({ err, hospitalId: hospital.id }, 'scores not computed yet');
        this.#takeBack(hospital, backlog);
      }
    }
  }

  #takeBack(hospital: Hospital, { fresh, late, flushes }: Backlog): void {
    this.parts.patients.forget(hospital, fresh.byPatient.keys());
    const backlog = this.#backlogOf(hospital);
    backlog.fresh.merge(fresh);
    backlog.late.merge(late);
    backlog.flushes.push(...flushes.slice(0, Math.max(0, flushesRemembered - backlog.flushes.length)));
  }

  async #evaluate(hospital: Hospital, { fresh, late, flushes, since }: Backlog): Promise<void> {
    const { lane, patients } = this.parts;
    const due = await lane.run<DueRow>(selectDue(hospital.schema, patientsAtOnce));
    const asked = due.map(({ patient_id }) => patient_id);
    patients.forget(hospital, asked);
    const now = Date.now() * 1_000;
    const moments = new Map(asked.map((id) => [id, now]));
    for (const [id, { recordedAt }] of fresh.byPatient) moments.set(id, Math.max(recordedAt, moments.get(id) ?? 0));
    const ids = [...moments.keys()];
    for (let i = 0; i < ids.length; i += patientsAtOnce) {
      const known = await patients.of(hospital, ids.slice(i, i + patientsAtOnce));
      await this.#record(hospital, known, since, (patient) => {
        const newest = fresh.byPatient.get(patient.id);
        if (newest) patient.observe(newest);
        return patient.score(moments.get(patient.id) ?? now);
      });
      await turn();
    }
    for (const [id, { recordedAt }] of late.byPatient) await this.#lookBack(hospital, id, recordedAt);
    const last = [
      ...(due.length > 0 ? [settleDue(hospital.schema, due)] : []),
      ...(flushes.length > 0 ? [markEvaluated(hospital.schema, flushes)] : []),
    ];
    if (last.length > 0) await lane.run(last.join('; '));
  }

  /** Scores the patients and commits what that makes of them. */
  async #record(
    hospital: Hospital,
    patients: ReadonlyMap<string, ScoredPatient>,
    since: number,
    score: (patient: ScoredPatient) => ScoreEntry | undefined,
  ): Promise<void> {
    const entries = [...patients.values()].flatMap((patient) => score(patient) ?? []);
    if (entries.length === 0) return;
    const rows = await this.parts.lane.run<{ patient_id: string }>(recordScores(hospital.schema, entries));
    const alarmed = new Set(rows.map(({ patient_id }) => patient_id));
    let raised = 0;
    for (const entry of entries) {
      const patient = patients.get(entry.patient);
      if (alarmed.has(entry.patient) && patient?.alarmed === false) raised++;
      patient?.recorded(entry, alarmed.has(entry.patient));
    }
    if (raised > 0) this.parts.onRaised(raised, (performance.now() - since) / 1_000);
  }

  /** The score of a time that is over, for the chart. */
  async #lookBack(hospital: Hospital, id: string, at: number): Promise<void> {
    const { lane, patients } = this.parts;
    const known = await patients.of(hospital, [id]);
    if (known.size === 0) return;
    const observed = new Map<string, Observation>();
    for (const row of await lane.run<MeasuredRow>(selectUntil(hospital.schema, id, at))) {
      for (const [i, value] of valuesOf(row).entries()) {
        const code = fields[i]?.code;
        if (code !== undefined && !Number.isNaN(value)) observed.set(code, { value, at: row.at / 1_000 });
      }
    }
    await this.#record(hospital, known, performance.now(), (patient) => patient.scoreOf(at, observed));
  }
}
