import { readingFlag } from '@hms/contracts';
import { field, fieldIndexByKey } from '../telemetry/fields.js';

export interface LimitRow {
  readonly id: string;
  readonly vital: string;
  readonly ward_id: string | null;
  readonly patient_id: string | null;
  readonly low: number | null;
  readonly high: number | null;
}

/** The limits of one patient on one ward, an entry of each array for each: comparing is all that is left to do. */
export interface Limits {
  readonly ids: readonly string[];
  /** Places in `fields`. */
  readonly fields: readonly number[];
  readonly lows: readonly number[];
  readonly highs: readonly number[];
}

/** By field the flag that says its value is doubtful: it is a matter of the device then, not of the patient. */
export const doubtOf: ReadonlyMap<number, number> = new Map([
  [field.heartRate, readingFlag.heartRateZero],
  [field.spo2, readingFlag.spo2Low],
  [field.temperature, readingFlag.temperatureExtreme],
]);

/** The limits of a hospital. For each vital sign the nearest row counts: the patient's, else the ward's, else the hospital's. */
export class LimitTable {
  readonly #ofHospital: readonly LimitRow[];
  readonly #ofWard: ReadonlyMap<string, readonly LimitRow[]>;
  readonly #ofPatient: ReadonlyMap<string, readonly LimitRow[]>;
  /** Patients without limits of their own share those of their ward. */
  readonly #compiled = new Map<string, Limits>();

  constructor(rows: readonly LimitRow[]) {
    this.#ofHospital = rows.filter((row) => row.ward_id === null && row.patient_id === null);
    this.#ofWard = groupBy(rows, (row) => row.ward_id);
    this.#ofPatient = groupBy(rows, (row) => row.patient_id);
  }

  of(patientId: string, wardId: string): Limits {
    const ofWard = [...this.#ofHospital, ...(this.#ofWard.get(wardId) ?? [])];
    const own = this.#ofPatient.get(patientId);
    if (own) return compile([...ofWard, ...own]);
    let limits = this.#compiled.get(wardId);
    if (!limits) this.#compiled.set(wardId, (limits = compile(ofWard)));
    return limits;
  }
}

/** @param rows the nearest last */
function compile(rows: readonly LimitRow[]): Limits {
  const nearest = new Map(rows.map((row) => [row.vital, row]));
  const limits = [...nearest.values()].flatMap((row) => {
    const index = fieldIndexByKey.get(row.vital);
    return index === undefined || (row.low === null && row.high === null) ? [] : [{ ...row, index }];
  });
  return {
    ids: limits.map(({ id }) => id),
    fields: limits.map(({ index }) => index),
    lows: limits.map(({ low }) => low ?? -Infinity),
    highs: limits.map(({ high }) => high ?? Infinity),
  };
}

function groupBy(rows: readonly LimitRow[], of: (row: LimitRow) => string | null): Map<string, LimitRow[]> {
  const groups = new Map<string, LimitRow[]>();
  for (const row of rows) {
    const key = of(row);
    if (key !== null) groups.set(key, [...(groups.get(key) ?? []), row]);
  }
  return groups;
}
