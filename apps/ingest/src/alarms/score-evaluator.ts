import { setImmediate as turn } from 'node:timers/promises';
import type { Logger } from '@hms/service-kit';
import { failureOf, isHeldUp } from '../database/failure.js';
import type { Lane } from '../database/lane.js';
import { type Pending, WriteBehind } from '../database/write-behind.js';
import { CommonEpoch } from '../hospitals/common-epoch.js';
import type { Hospital } from '../hospitals/hospital.js';
import { NewestValues } from '../telemetry/live/newest-values.js';
import { refreshLatest } from '../telemetry/live/refresh-latest.js';
import type { FlushMark } from '../telemetry/store/copy-encoder.js';
import type { Resolved } from '../telemetry/store/statements.js';
import { ScoreMemory } from './score-memory.js';
import { type Ask, scoreRound, type Seen } from './score-round.js';
import { type DueRow, markEvaluated, type NewsRow, selectNews } from './score-statements.js';

const evaluateEveryMs = 1_000;
/** Few enough that even if all of them fall ill at once, each statement takes far less than it may. */
const patientsAtOnce = 50;
const dueAtOnce = 200;
/** Slices that each wait for a lock in vain. */
const heldUpAtMost = 2;
/** Flushes beyond are left to the rescan, which finds them in the database. */
const flushesRemembered = 20_000;
/** What is committed this long after it was begun is still seen by who asks for what is new. */
const slowestCommitMs = 10_000;

export interface EvaluatorParts {
  /** Of this alone: transactions are open on it. */
  readonly lane: Lane;
  /** Number of this process. */
  readonly writer: number;
  readonly logger: Logger;
  /** Called after alarms were committed, with the seconds since the first of their readings was. */
  readonly onRaised: (alarms: number, lagSeconds: number) => void;
}

/** What was committed and not evaluated yet: of each patient only the newest values, so it cannot grow without limit. */
class Backlog implements Pending {
  readonly isEmpty = false;
  readonly fresh = new NewestValues();
  readonly epoch = new CommonEpoch();
  /** To be scored whatever is known of them. */
  readonly again = new Set<string>();
  readonly flushes: FlushMark[] = [];
  readonly since = performance.now();

  merge({ fresh, epoch, again, flushes }: Backlog): void {
    this.fresh.merge(fresh);
    this.epoch.merge(epoch);
    for (const id of again) this.again.add(id);
    for (const mark of flushes) this.remember(mark);
  }

  remember(mark: FlushMark): void {
    if (this.flushes.length < flushesRemembered) this.flushes.push(mark);
  }
}

/**
 * Scores patients by what was committed, a second or so later and never in the way of an answer. Where it falls behind
 * it skips values in between, never a patient. What a crash takes with it, the rescan finds.
 */
export class ScoreEvaluator {
  readonly #memory = new ScoreMemory();
  readonly #heardAt = new WeakMap<Hospital, number>();
  readonly #behind: WriteBehind<Backlog>;

  constructor(private readonly parts: EvaluatorParts) {
    this.#behind = new WriteBehind({
      what: 'scores',
      everyMs: evaluateEveryMs,
      logger: parts.logger,
      empty: () => new Backlog(),
      write: (hospital, backlog) => this.#evaluate(hospital, backlog),
      merge: (since, before) => since.merge(before),
    });
  }

  /** Remembers what was committed. */
  add({ hospital, devices }: Resolved, fresh: NewestValues, mark: FlushMark): void {
    const backlog = this.#behind.of(hospital);
    backlog.fresh.merge(fresh);
    backlog.epoch.add(devices.epoch);
    backlog.remember(mark);
  }

  /** Somebody charted for a patient of the hospital, or was found to be scored again. */
  ask(hospital: Hospital): void {
    this.#behind.of(hospital);
  }

  stop(): Promise<void> {
    return this.#behind.stop();
  }

  async #evaluate(hospital: Hospital, backlog: Backlog): Promise<void> {
    const { lane } = this.parts;
    const due = await this.#hear(hospital, backlog.again);
    await this.#scoreAll(hospital, backlog, this.#asksOf(hospital, backlog, due));
    if (backlog.flushes.length > 0) await lane.run(markEvaluated(hospital.schema, backlog.flushes));
    if (due.length === dueAtOnce) this.ask(hospital);
  }

  /**
   * What other processes saw since the last time counts more than what is remembered here.
   * @param again takes up whom to score because of it
   * @returns of whom somebody charted
   */
  async #hear(hospital: Hospital, again: Set<string>): Promise<DueRow[]> {
    const { lane, writer } = this.parts;
    const now = performance.now();
    const seconds = Math.ceil((now - (this.#heardAt.get(hospital) ?? 0) + slowestCommitMs) / 1_000);
    const news = await lane.run<NewsRow>(selectNews(hospital.schema, { due: dueAtOnce, seconds, writer }));
    this.#heardAt.set(hospital, now);
    return news.flatMap((row) => {
      if (row.mark === null) return [row];
      if (this.#memory.isContradicted(row.patient_id, row.mark)) again.add(row.patient_id);
      return [];
    });
  }

  #asksOf(hospital: Hospital, { fresh, again }: Backlog, due: readonly DueRow[]): Ask[] {
    const asks = new Map<string, Ask>();
    for (const patient of again) asks.set(patient, { patient, readings: undefined, due: undefined });
    for (const row of due) asks.set(row.patient_id, { patient: row.patient_id, readings: undefined, due: row });
    for (const [patient, readings] of fresh.byPatient) {
      const asked = asks.get(patient);
      if (asked || this.#memory.isDue(hospital, readings)) {
        asks.set(patient, { patient, readings, due: asked?.due });
      }
    }
    return [...asks.values()];
  }

  /**
   * Those after some who cannot be scored are all the same, unless the database is gone, or somebody holds more of the
   * hospital than a few patients: other hospitals wait behind it.
   */
  async #scoreAll(hospital: Hospital, backlog: Backlog, asks: readonly Ask[]): Promise<void> {
    const known = { epoch: hospital.epoch, found: backlog.epoch.value, since: backlog.since };
    // What somebody was due for is forgotten with it, should it come to nothing.
    this.#memory.forget(asks.map(({ patient }) => patient));
    const failures: unknown[] = [];
    for (let i = 0; i < asks.length; i += patientsAtOnce) {
      try {
        await this.#score(hospital, known, asks.slice(i, i + patientsAtOnce));
      } catch (err) {
        failures.push(err);
        if (failureOf(err) === 'lost' || failures.filter(isHeldUp).length === heldUpAtMost) throw err;
      }
      await turn();
    }
    if (failures.length > 0) throw failures[0];
  }

  async #score(hospital: Hospital, { epoch, found, since }: Known, asks: readonly Ask[]): Promise<void> {
    const seen = await this.#round(hospital, found, asks);
    for (const each of seen) this.#memory.keep(hospital, epoch, each);
    const raised = seen.filter((each) => each.raised).length;
    if (raised > 0) this.parts.onRaised(raised, (performance.now() - since) / 1_000);
  }

  /** Readings whose devices were found meanwhile to be worn by others count for nobody: what is stored does. */
  async #round(hospital: Hospital, found: number | undefined, asks: readonly Ask[]): Promise<readonly Seen[]> {
    const { lane, writer } = this.parts;
    try {
      if (found !== undefined) return await scoreRound(lane, hospital, asks, { writer, epoch: found });
    } catch (err) {
      if (failureOf(err) !== 'stale') throw err;
    }
    for (const { readings } of asks) if (readings) await lane.run(refreshLatest(hospital, readings));
    return scoreRound(
      lane,
      hospital,
      asks.map((ask) => ({ ...ask, readings: undefined })),
      { writer, epoch: hospital.epoch },
    );
  }
}

interface Known {
  /** Of the hospital when its patients were read. */
  readonly epoch: number;
  /** At which the patients of readings were found; undefined when at several. */
  readonly found: number | undefined;
  /** When the first of the readings was committed. */
  readonly since: number;
}
