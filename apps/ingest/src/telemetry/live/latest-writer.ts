import type { Logger } from '@hms/service-kit';
import type { Lane } from '../../database/lane.js';
import { WriteBehind } from '../../database/write-behind.js';
import type { Hospital } from '../../hospitals/hospital.js';
import { fields } from '../fields.js';
import type { CommittedValues } from './committed-values.js';
import { NewestValues } from './newest-values.js';

const writeEveryMs = 1_000;

/**
 * Keeps `vitals_latest` at most a second or so behind `vitals`: values are folded in memory and written together, for
 * one row per reading would cost more than storing the reading. What could not be written is tried again a second
 * later, and takes no more memory for it: one value per patient and vital sign. What a crash loses, `repairLatest` finds.
 */
export class LatestWriter {
  readonly #behind: WriteBehind<NewestValues>;

  constructor(lane: Pick<Lane, 'run'>, logger: Logger) {
    this.#behind = new WriteBehind({
      what: 'latest vitals',
      everyMs: writeEveryMs,
      logger,
      empty: () => new NewestValues(),
      write: ({ schema }, newest) => lane.run(upsert(schema, newest)),
      merge: (since, before) => since.merge(before),
    });
  }

  add(hospital: Hospital, { fresh, late }: CommittedValues): void {
    const pending = this.#behind.of(hospital);
    pending.merge(fresh);
    pending.merge(late);
  }

  /** Writes what is pending now. */
  flush(): Promise<void> {
    return this.#behind.flush();
  }

  stop(): Promise<void> {
    return this.#behind.stop();
  }
}

/** Sorted by key, so that those who write at once wait for each other instead of blocking each other. */
function upsert(schema: string, newest: NewestValues): string {
  const patients: string[] = [];
  const codes: string[] = [];
  const values: number[] = [];
  const times: number[] = [];
  for (const [patientId, patient] of newest.byPatient) {
    for (const [i, { code }] of fields.entries()) {
      const value = patient.values[i] ?? NaN;
      if (Number.isNaN(value)) continue;
      patients.push(patientId);
      codes.push(code);
      values.push(value);
      times.push(patient.times[i] ?? 0);
    }
  }
  const list = (items: readonly (string | number)[]): string => `'{${items.join(',')}}'`;
  return `insert into ${schema}.vitals_latest as latest (patient_id, code, value, recorded_at)
    select patient_id, code, value, timestamptz 'epoch' + micros * interval '1 microsecond'
      from unnest(${list(patients)}::uuid[], ${list(codes)}::text[], ${list(values)}::real[], ${list(times)}::bigint[])
        as newest (patient_id, code, value, micros)
     order by patient_id, code
    on conflict (patient_id, code) do update set value = excluded.value, recorded_at = excluded.recorded_at
      where excluded.recorded_at > latest.recorded_at`;
}
