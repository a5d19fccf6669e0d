import type { Lane } from '../database/lane.js';
import type { Hospital } from '../hospitals/hospital.js';
import type { FlushMark } from '../telemetry/store/copy-encoder.js';
import { type ScoredPatients } from './scored-patients.js';
import {
  claimUnevaluated,
  markEvaluated,
  type MeasuredRow,
  recordScores,
  selectFlushed,
  valuesOf,
} from './score-statements.js';

const flushesAtOnce = 200;

/**
 * Scores what the process that stored it did not: it was killed, or has fallen behind. Two who do this at once take
 * different flushes.
 * @param lane of this alone: a transaction stays open on it while the patients are read
 * @returns how many flushes it did
 */
export async function rescan(lane: Lane, hospital: Hospital, patients: ScoredPatients): Promise<number> {
  const { schema } = hospital;
  try {
    await lane.run(`begin; set local statement_timeout = '5s'; set local lock_timeout = '1s'`);
    const flushes = await lane.run<FlushMark>(claimUnevaluated(schema, flushesAtOnce));
    if (flushes.length > 0) {
      const entries = await scoresOf(await lane.run<MeasuredRow>(selectFlushed(schema, flushes)), hospital, patients);
      if (entries.length > 0) await lane.run(recordScores(schema, entries));
      await lane.run(markEvaluated(schema, flushes));
    }
    await lane.run('commit');
    return flushes.length;
  } catch (err) {
    await lane.rollback();
    throw err;
  }
}

async function scoresOf(rows: readonly MeasuredRow[], hospital: Hospital, patients: ScoredPatients) {
  const ids = [...new Set(rows.map(({ patient_id }) => patient_id))];
  const moments = new Map<string, number>();
  const known = await patients.of(hospital, ids, true);
  for (const row of rows) {
    moments.set(row.patient_id, Math.max(row.at, moments.get(row.patient_id) ?? 0));
    known.get(row.patient_id)?.observeAt(valuesOf(row), row.at);
  }
  // What is known of them now was not recorded by this process.
  patients.forget(hospital, ids);
  return [...known.values()].flatMap((patient) => patient.score(moments.get(patient.id) ?? 0) ?? []);
}
