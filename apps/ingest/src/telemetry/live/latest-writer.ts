import type { Logger } from '@hms/service-kit';
import type { Lane } from '../../database/lane.js';
import type { Hospital } from '../../hospitals/hospital.js';
import { fields } from '../fields.js';
import type { ResolvedReading } from '../reading.js';
import { NewestValues } from './newest-values.js';

const writeEveryMs = 1_000;

/**
 * Keeps `vitals_latest` at most a second or so behind `vitals`: values are folded in memory and written together, for
 * one row per reading would cost more than storing the reading. What could not be written is tried again a second
 * later, and takes no more memory for it: one value per patient and vital sign. What a crash loses, `repairLatest` finds.
 */
export class LatestWriter {
  #pending = new Map<Hospital, NewestValues>();
  #timer: NodeJS.Timeout | undefined;
  #writing: Promise<void> = Promise.resolve();
  #stopped = false;

  constructor(
    private readonly lane: Pick<Lane, 'run'>,
    private readonly logger: Logger,
  ) {}

  add(hospital: Hospital, rows: readonly ResolvedReading[]): void {
    this.#pendingOf(hospital).add(rows);
    this.#timer ??= this.#later();
  }

  /** Writes what is pending now. */
  flush(): Promise<void> {
    const pending = this.#pending;
    this.#pending = new Map();
    return (this.#writing = this.#writing.then(() => this.#writeAll(pending)));
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    clearTimeout(this.#timer);
    await this.flush();
  }

  #pendingOf(hospital: Hospital): NewestValues {
    let newest = this.#pending.get(hospital);
    if (!newest) this.#pending.set(hospital, (newest = new NewestValues()));
    return newest;
  }

  #later(): NodeJS.Timeout {
    return setTimeout(() => {
      void this.flush().then(() => {
        this.#timer = this.#pending.size > 0 && !this.#stopped ? this.#later() : undefined;
      });
    }, writeEveryMs);
  }

  async #writeAll(pending: ReadonlyMap<Hospital, NewestValues>): Promise<void> {
    for (const [hospital, newest] of pending) {
      try {
        if (newest.byPatient.size > 0) await this.lane.run(upsert(hospital.schema, newest));
      } catch (err) {
        this.logger.warn({ err, hospitalId: hospital.id }, 'latest vitals not written yet');
        this.#pendingOf(hospital).merge(newest);
      }
    }
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
