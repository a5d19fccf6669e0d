import type { Lane } from '../database/lane.js';
import type { Hospital } from '../hospitals/hospital.js';
import type { FlushMark } from '../telemetry/store/copy-encoder.js';
import { scoresOfThen } from './late-scores.js';
import { askForScores, claimUnevaluated, markEvaluated, recordScores, selectFlushed } from './score-statements.js';

const flushesAtOnce = 200;
const patientsAtOnce = 200;

/**
 * Scores what the process that stored it did not: it was killed, or has fallen behind. Each patient is scored as of the
 * newest reading that was left, by what was known then, whatever came after it, and left to be scored as of now. Two who
 * do this at once take different flushes.
 * @param lane of this alone: a transaction stays open on it, and nothing else is asked meanwhile
 * @returns how many flushes it did
 */
export async function rescan(lane: Lane, { schema }: Hospital): Promise<number> {
  try {
    await lane.run(`begin; set local statement_timeout = '5s'; set local lock_timeout = '1s'`);
    const flushes = await lane.run<FlushMark>(claimUnevaluated(schema, flushesAtOnce));
    if (flushes.length > 0) {
      const recorded: string[] = [];
      const moments = await lane.run<{ patient_id: string; at: number }>(selectFlushed(schema, flushes));
      for (let i = 0; i < moments.length; i += patientsAtOnce) {
        const then = new Map(moments.slice(i, i + patientsAtOnce).map(({ patient_id, at }) => [patient_id, at]));
        const entries = await scoresOfThen(lane, schema, then, { retrospective: false });
        if (entries.length === 0) continue;
        await lane.run(recordScores(schema, entries));
        recorded.push(...entries.map(({ patient }) => patient));
      }
      if (recorded.length > 0) await lane.run(askForScores(schema, recorded));
      await lane.run(markEvaluated(schema, flushes));
    }
    await lane.run('commit');
    return flushes.length;
  } catch (err) {
    await lane.rollback();
    throw err;
  }
}
