import type { Logger } from '@hms/service-kit';
import type { Lane } from '../database/lane.js';
import { WriteBehind } from '../database/write-behind.js';
import type { Hospital } from '../hospitals/hospital.js';
import { NewestValues } from '../telemetry/live/newest-values.js';
import { scoreThen } from './patient-entry.js';
import { observationsAt } from './score-observations.js';
import { type PatientRow, recordScores, type ScoreEntry, selectPatients } from './score-statements.js';

const scoreEveryMs = 1_000;
const patientsAtOnce = 50;

/**
 * Scores of readings that came late, for the chart: of each patient that of the newest of them. Much comes late at once
 * when a gateway was cut off, and nothing that is watched waits for it.
 */
export class LateScores {
  readonly #behind: WriteBehind<NewestValues>;

  /** @param lane of this alone */
  constructor(lane: Pick<Lane, 'run'>, logger: Logger) {
    this.#behind = new WriteBehind({
      what: 'scores of late readings',
      everyMs: scoreEveryMs,
      logger,
      empty: () => new NewestValues(),
      write: async ({ schema }, late) => {
        const moments = [...late.byPatient].map(([id, { recordedAt }]) => [id, recordedAt] as const);
        for (let i = 0; i < moments.length; i += patientsAtOnce) {
          const then = new Map(moments.slice(i, i + patientsAtOnce));
          const entries = await scoresOfThen(lane, schema, then, { retrospective: true });
          if (entries.length > 0) await lane.run(recordScores(schema, entries));
        }
      },
      merge: (since, before) => since.merge(before),
    });
  }

  add(hospital: Hospital, late: NewestValues): void {
    if (!late.isEmpty) this.#behind.of(hospital).merge(late);
  }

  stop(): Promise<void> {
    return this.#behind.stop();
  }
}

/** What the patients' scores were at those times, microseconds since 1970, as far as they are to be kept. */
export async function scoresOfThen(
  lane: Pick<Lane, 'run'>,
  schema: string,
  then: ReadonlyMap<string, number>,
  { retrospective }: { readonly retrospective: boolean },
): Promise<ScoreEntry[]> {
  const known = await observationsAt(lane, schema, then);
  const rows = await lane.run<PatientRow>(selectPatients(schema, then));
  return rows.flatMap((row) => {
    const observations = known.get(row.id);
    return observations ? (scoreThen(row, observations, then.get(row.id) ?? 0, { retrospective }) ?? []) : [];
  });
}
