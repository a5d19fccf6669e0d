import { setTimeout as pause } from 'node:timers/promises';
import { failureOf } from '../../database/failure.js';
import type { Submission } from '../submission.js';
import { isAlarming, noteAlarms, reportRaised } from './alarming.js';
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
export class FlushWriter {
  constructor(private readonly parts: StoreParts) {}

  /** Ends when every submission is answered or failed. */
  async write(submissions: readonly Submission[]): Promise<void> {
    const groups = groupByHospital(submissions);
    for (const submission of submissions) if (submission.rows.length === 0) submission.answerStored();
    const withRows = groups.filter((group) => group.rows.length > 0);
    if (withRows.length > 0) await this.#store(withRows);
  }

  async #store(groups: readonly HospitalGroup[]): Promise<void> {
    const { numbers, writer, metrics } = this.parts;
    const mark = { writer, flushNo: numbers.open() };
    const began = performance.now();
    const stored = await this.#copy(groups, mark).then(
      (alarms) => ({ alarms }),
      (err: unknown) => ({ err }),
    );
    if ('err' in stored) await this.#recover(groups, mark, stored.err);
    numbers.close(mark.flushNo);
    if ('alarms' in stored) this.#settle(groups, mark, stored.alarms);
    const rows = groups.reduce((sum, group) => sum + group.rows.length, 0);
    metrics.flushed(rows, (performance.now() - began) / 1_000);
  }

  #settle(groups: readonly HospitalGroup[], mark: FlushMark, alarms: number): void {
    this.parts.breaker.succeeded();
    for (const { submissions } of groups) for (const submission of submissions) submission.answerStored();
    reportRaised(this.parts, groups, alarms);
    for (const group of groups) this.parts.onCommitted(group, mark);
  }

  /** Hospital by hospital, round by round: one that cannot be written delays the others by no more than an attempt. */
  async #recover(groups: readonly HospitalGroup[], mark: FlushMark, err: unknown): Promise<void> {
    const { lane, logger, metrics } = this.parts;
    const failure = failureOf(err);
    metrics.flushFailed(failure);
    // Batches that come again and devices that move are no trouble.
    logger[failure === 'conflict' || failure === 'stale' ? 'debug' : 'warn']({ err, failure }, 'flush failed');
    await lane.rollback();
    let open = groups.map((group) => new Recovery(this.parts, mark, group, failure));
    for (let pauseMs = 0; open.length > 0; pauseMs = Math.min(pauseMs * 2 + 25, longestPauseMs)) {
      await pause(pauseMs);
      const unsettled: Recovery[] = [];
      for (const recovery of open) if (!(await recovery.attempt())) unsettled.push(recovery);
      open = unsettled;
    }
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
