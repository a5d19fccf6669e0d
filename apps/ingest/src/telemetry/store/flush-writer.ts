import { setTimeout as pause } from 'node:timers/promises';
import { type Failure, failureOf, schemaOfError } from '../../database/failure.js';
import type { Submission } from '../submission.js';
import { isAlarming, noteAlarms, reportRaised } from './alarming.js';
import type { Writer } from './batcher.js';
import { encodeRows, type FlushMark } from './copy-encoder.js';
import { insertDirty } from './dirty-stretches.js';
import { freshSince } from './fresh.js';
import { groupByHospital, type HospitalGroup } from './hospital-group.js';
import { insertLedger } from './ledger.js';
import { Recovery } from './recovery.js';
import { insertStatedPatients } from './stated-patients.js';
import { assertEpochs, begin, copyInto, insertFlush } from './statements.js';
import type { StoreParts } from './store-parts.js';
import { insertWaveforms } from './waveforms.js';

const longestPauseMs = 1_000;

/**
 * Writes one flush at a time: all hospitals in one transaction of plain COPYs, which almost always succeeds. When it
 * does not, each hospital is stored by itself, with whatever its failure calls for. A submission is answered after
 * the commit that holds it, never before.
 */
export class FlushWriter implements Writer {
  constructor(private readonly parts: StoreParts) {}

  async write(submissions: readonly Submission[]): Promise<readonly Submission[]> {
    const groups = groupByHospital(submissions);
    for (const submission of submissions) if (submission.rows.length === 0) submission.answerStored();
    const withRows = groups.filter((group) => group.rows.length > 0);
    return withRows.length > 0 ? this.#store(withRows) : [];
  }

  async #store(groups: readonly HospitalGroup[]): Promise<readonly Submission[]> {
    const { numbers, writer, metrics } = this.parts;
    const mark = { writer, flushNo: numbers.open() };
    const began = performance.now();
    const heldUp = await this.#storeTogether(groups, mark);
    numbers.close(mark.flushNo);
    const rows = groups.reduce((sum, group) => sum + group.rows.length, 0);
    metrics.flushed(rows, (performance.now() - began) / 1_000);
    return heldUp;
  }

  /** Returns what is held up. */
  async #storeTogether(groups: readonly HospitalGroup[], mark: FlushMark): Promise<readonly Submission[]> {
    let alarms: number;
    try {
      alarms = await this.#copy(groups, mark);
    } catch (err) {
      return this.#recover(groups, mark, err);
    }
    this.#settle(groups, mark, alarms);
    return [];
  }

  #settle(groups: readonly HospitalGroup[], mark: FlushMark, alarms: number): void {
    this.parts.breaker.succeeded();
    for (const { submissions } of groups) for (const submission of submissions) submission.answerStored();
    reportRaised(this.parts, groups, alarms);
    for (const group of groups) this.parts.onCommitted(group, mark);
  }

  /** Where it is known whose rows it was, the others are stored together all the same. */
  async #recover(groups: readonly HospitalGroup[], mark: FlushMark, err: unknown): Promise<readonly Submission[]> {
    const { lane, logger, metrics } = this.parts;
    const failure = failureOf(err);
    metrics.flushFailed(failure);
    // Batches that come again and devices that move are no trouble.
    logger[failure === 'conflict' || failure === 'stale' ? 'debug' : 'warn']({ err, failure }, 'flush failed');
    await lane.rollback();
    const schema = schemaOfError(err);
    const others = groups.filter(({ hospital }) => hospital.schema !== schema);
    if (others.length === groups.length || others.length === 0) return this.#recoverEach(groups, mark, failure);
    const heldUp = await this.#storeTogether(others, mark);
    const blamed = groups.filter(({ hospital }) => hospital.schema === schema);
    return [...heldUp, ...(await this.#recoverEach(blamed, mark, failure))];
  }

  /** Hospital by hospital, round by round: one that cannot be written delays the others by no more than an attempt. */
  async #recoverEach(
    groups: readonly HospitalGroup[],
    mark: FlushMark,
    failure: Failure,
  ): Promise<readonly Submission[]> {
    let open = groups.map((group) => new Recovery(this.parts, mark, group, failure));
    const heldUp: Submission[] = [];
    for (let pauseMs = 0; open.length > 0; pauseMs = Math.min(pauseMs * 2 + 25, longestPauseMs)) {
      await pause(pauseMs);
      for (const recovery of open) {
        await recovery.attempt();
        if (recovery.isHeldUp) heldUp.push(...recovery.open);
      }
      open = open.filter((recovery) => recovery.open.length > 0 && !recovery.isHeldUp);
    }
    return heldUp;
  }

  /** Returns how many alarms the readings raised. */
  async #copy(groups: readonly HospitalGroup[], mark: FlushMark): Promise<number> {
    const { lane } = this.parts;
    const tables = groups.flatMap((group) => group.tables);
    const ofGroup = (group: HospitalGroup): string[] => [
      insertFlush(group, mark),
      ...insertDirty(group, freshSince(mark.flushNo)),
      ...insertStatedPatients(group),
      ...insertLedger(group),
      ...insertWaveforms(group.hospital.schema, group.rows),
    ];
    const last = [assertEpochs(groups), 'commit'];
    const alarming = groups.filter(isAlarming);
    const statements = [begin, ...groups.flatMap(ofGroup), ...tables.map(copyInto)];
    if (alarming.length === 0) statements.push(...last);
    // One message, however many hospitals there are.
    await lane.copy(
      statements.join('; '),
      tables.map((table) => encodeRows(table.rows, mark)),
    );
    if (alarming.length === 0) return 0;
    const alarms = await noteAlarms(lane, alarming);
    await lane.run(last.join('; '));
    return alarms;
  }
}
