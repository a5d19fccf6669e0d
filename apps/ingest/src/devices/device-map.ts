import { type LimitRow, type Limits, LimitTable } from '../alarms/limits.js';

/** Who wore a device from when to when, in microseconds since 1970. */
export interface Assignment {
  readonly from: number;
  /** Exclusive; Infinity while it lasts. */
  readonly until: number;
  readonly patientId: string;
  /** The patient's medical record number. */
  readonly mrn: string;
  /** The patient's id as four big-endian words, as COPY wants it. */
  readonly patientWords: readonly number[];
  readonly wardId: string;
  /** Place of the patient among those of the hospital: rows written in this order touch neighbouring index pages. */
  readonly patientRank: number;
  readonly limits: Limits;
}

export interface Device {
  readonly no: number;
  /** The name a gateway sends. */
  readonly externalId: string;
  readonly gatewayId: string;
  readonly disabled: boolean;
  /** In order of time, without overlap. */
  readonly assignments: readonly Assignment[];
}

export interface DeviceRow {
  readonly device_no: number;
  readonly external_id: string;
  readonly gateway_id: string;
  readonly status: string;
}

export interface AssignmentRow {
  readonly device_no: number;
  readonly patient_id: string;
  readonly mrn: string;
  readonly ward_id: string;
  /** Microseconds since 1970; `until` is null while the assignment lasts. */
  readonly from: string;
  readonly until: string | null;
}

/** The devices of one hospital, their assignments and the limits of who wears them, as they were at one epoch. */
export class DeviceMap {
  readonly #byExternalId = new Map<string, Device>();

  constructor(
    readonly epoch: number,
    devices: readonly DeviceRow[],
    assignments: readonly AssignmentRow[],
    limitRows: readonly LimitRow[],
  ) {
    const limits = new LimitTable(limitRows);
    const ranks = rankPatients(assignments);
    const byDevice = new Map<number, Assignment[]>();
    for (const row of assignments) {
      const assignment = {
        from: Number(row.from),
        until: row.until === null ? Infinity : Number(row.until),
        patientId: row.patient_id,
        mrn: row.mrn,
        patientWords: uuidWords(row.patient_id),
        wardId: row.ward_id,
        patientRank: ranks.get(row.patient_id) ?? 0,
        limits: limits.of(row.patient_id, row.ward_id),
      };
      const siblings = byDevice.get(row.device_no);
      if (siblings) siblings.push(assignment);
      else byDevice.set(row.device_no, [assignment]);
    }
    for (const row of devices) {
      this.#byExternalId.set(row.external_id, {
        no: row.device_no,
        externalId: row.external_id,
        gatewayId: row.gateway_id,
        disabled: row.status !== 'active',
        assignments: (byDevice.get(row.device_no) ?? []).sort((a, b) => a.from - b.from),
      });
    }
  }

  find(externalId: string): Device | undefined {
    return this.#byExternalId.get(externalId);
  }
}

function uuidWords(uuid: string): number[] {
  const bytes = Buffer.from(uuid.replaceAll('-', ''), 'hex');
  return [0, 4, 8, 12].map((offset) => bytes.readInt32BE(offset));
}

function rankPatients(assignments: readonly AssignmentRow[]): Map<string, number> {
  const patients = [...new Set(assignments.map((row) => row.patient_id))].sort();
  return new Map(patients.map((id, rank) => [id, rank]));
}

/** Who wore the device at that microsecond, if anybody. */
export function assignmentAt(device: Device, at: number): Assignment | undefined {
  const { assignments } = device;
  let low = 0;
  let high = assignments.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    const assignment = assignments[middle];
    if (assignment && assignment.until <= at) low = middle + 1;
    else high = middle;
  }
  const found = assignments[low];
  return found && found.from <= at ? found : undefined;
}
