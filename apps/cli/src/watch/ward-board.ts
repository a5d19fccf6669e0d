import { type AlarmPriority, type VitalValue } from '@hms/contracts';

export interface WardPatient {
  readonly patientId: string;
  readonly mrn: string;
  readonly name: string;
  readonly bedLabel: string | null;
}

/** The last known value of one sign. */
export interface Sign {
  readonly value: VitalValue;
  /** Milliseconds since the epoch. */
  readonly recordedAt: number;
  /** How it differs from the value before; undefined when it is the same or the first. */
  readonly change: 'up' | 'down' | 'other' | undefined;
}

/** New values of one patient, by the code of the sign; codes nobody shows are kept and ignored. */
export interface BoardUpdate {
  readonly patientId: string;
  /** RFC 3339. */
  readonly recordedAt: string;
  readonly values: Readonly<Record<string, VitalValue>>;
}

/** An alarm that is not over. */
export interface BoardAlarm {
  readonly patientId: string;
  /** Such as `spo2-low`. */
  readonly rule: string;
  readonly priority: AlarmPriority;
  /** Somebody sees to it. */
  readonly acknowledged: boolean;
}

export interface BoardRow {
  readonly patient: WardPatient;
  /** The most urgent first. */
  readonly alarms: readonly BoardAlarm[];
  readonly signs: ReadonlyMap<string, Sign>;
  /** Time of the newest reading, milliseconds since the epoch. */
  readonly recordedAt: number | undefined;
}

/** What is known of a ward's patients, put together from the updates as they arrive. */
export class WardBoard {
  #patients: readonly WardPatient[] = [];
  #alarms: readonly BoardAlarm[] = [];
  readonly #signs = new Map<string, Map<string, Sign>>();

  /** Replaces who lies in the ward; their values stay. */
  setPatients(patients: readonly WardPatient[]): void {
    this.#patients = patients;
  }

  /** Replaces the alarms of the ward; the most urgent come first. */
  setAlarms(alarms: readonly BoardAlarm[]): void {
    this.#alarms = alarms;
  }

  /** Whether a patient is on the list; when not, the list is out of date. */
  knows(patientId: string): boolean {
    return this.#patients.some((patient) => patient.patientId === patientId);
  }

  apply({ patientId, recordedAt, values }: BoardUpdate): void {
    const at = Date.parse(recordedAt);
    const signs = this.#signs.get(patientId) ?? new Map<string, Sign>();
    for (const [code, value] of Object.entries(values)) {
      const before = signs.get(code);
      if (before && before.recordedAt > at) continue; // a late reading belongs in the chart, not here
      signs.set(code, { value, recordedAt: at, change: before && changeOf(before.value, value) });
    }
    this.#signs.set(patientId, signs);
  }

  /** In the order of the list. */
  rows(): BoardRow[] {
    return this.#patients.map((patient) => {
      const signs = this.#signs.get(patient.patientId) ?? new Map<string, Sign>();
      const times = [...signs.values()].map((sign) => sign.recordedAt);
      const alarms = this.#alarms.filter(({ patientId }) => patientId === patient.patientId);
      return { patient, alarms, signs, recordedAt: times.length === 0 ? undefined : Math.max(...times) };
    });
  }
}

function changeOf(before: VitalValue, now: VitalValue): Sign['change'] {
  if (before === now) return undefined;
  if (typeof before !== 'number' || typeof now !== 'number') return 'other';
  return now > before ? 'up' : 'down';
}
