import type { Breach } from '../../alarms/breaches.js';
import type { DeviceMap } from '../../devices/device-map.js';
import type { Hospital } from '../../hospitals/hospital.js';
import type { ResolvedReading } from '../reading.js';
import type { Submission } from '../submission.js';

/** The part of a flush that goes into one hospital's schema. */
export class HospitalGroup {
  readonly rows: readonly ResolvedReading[];

  constructor(
    readonly hospital: Hospital,
    /** What the patients of all rows were found with. */
    readonly devices: DeviceMap,
    readonly submissions: readonly Submission[],
  ) {
    for (const submission of submissions) submission.resolveWith(devices);
    this.rows = submissions.flatMap((submission) => submission.rows);
  }

  /** What of the rows is beyond a limit. */
  get breaches(): readonly Breach[] {
    return this.submissions.flatMap(({ breaches }) => breaches);
  }

  /** The rows by table, in the order of its index: neighbouring entries are written together. */
  get tables(): readonly TableRows[] {
    const { schema } = this.hospital;
    const assigned = this.rows.filter((row) => row.assignment).sort(byPatientAndTime);
    const unassigned = this.rows.filter((row) => !row.assignment);
    return [
      { schema, name: 'vitals' as const, rows: assigned },
      { schema, name: 'vitals_unassigned' as const, rows: unassigned },
    ].filter(({ rows }) => rows.length > 0);
  }

  with(submissions: readonly Submission[], devices = this.devices): HospitalGroup {
    return new HospitalGroup(this.hospital, devices, submissions);
  }
}

export interface TableRows {
  readonly schema: string;
  readonly name: 'vitals' | 'vitals_unassigned';
  readonly rows: readonly ResolvedReading[];
}

function byPatientAndTime(a: ResolvedReading, b: ResolvedReading): number {
  const ranks = (a.assignment?.patientRank ?? 0) - (b.assignment?.patientRank ?? 0);
  return ranks === 0 ? a.reading.recordedAt - b.reading.recordedAt : ranks;
}

/** One group per hospital, each with the newest assignments there are. */
export function groupByHospital(submissions: readonly Submission[]): HospitalGroup[] {
  const byHospital = new Map<Hospital, Submission[]>();
  for (const submission of submissions) {
    const { hospital } = submission.content;
    const siblings = byHospital.get(hospital);
    if (siblings) siblings.push(submission);
    else byHospital.set(hospital, [submission]);
  }
  return [...byHospital].map(([hospital, own]) => new HospitalGroup(hospital, hospital.latestDevices, own));
}
