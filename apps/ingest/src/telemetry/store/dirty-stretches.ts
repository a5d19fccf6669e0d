import type { Assignment } from '../../devices/device-map.js';
import type { ResolvedReading } from '../reading.js';
import type { HospitalGroup } from './hospital-group.js';
import { timestamp } from './statements.js';

/** Readings of one patient that are no further apart are told of together. */
const joinMicros = 15 * 60_000_000;

interface Stretch {
  readonly patientId: string;
  readonly since: number;
  until: number;
}

/**
 * A statement that has the patients' readings before that time summed up again, microseconds since 1970: those are
 * older than what the worker looks for by itself. None when there are none.
 */
export function insertDirty({ hospital, rows }: HospitalGroup, before: number): string[] {
  if (!rows.some(({ reading, assignment }) => assignment && reading.recordedAt < before)) return [];
  const stretches = stretchesOf(rows.filter(({ reading }) => reading.recordedAt < before));
  const values = stretches.map(
    ({ patientId, since, until }) => `('${patientId}', ${timestamp(since)}, ${timestamp(until)})`,
  );
  return [`insert into ${hospital.schema}.vitals_dirty (patient_id, since, until) values ${values.join(', ')}`];
}

/** What the readings cover of each patient; readings of nobody are left out. */
function stretchesOf(rows: readonly ResolvedReading[]): Stretch[] {
  const stretches: Stretch[] = [];
  const worn = rows.filter((row): row is ResolvedReading & { assignment: Assignment } => row.assignment !== undefined);
  const sorted = worn.sort((a, b) =>
    a.assignment.patientId === b.assignment.patientId
      ? a.reading.recordedAt - b.reading.recordedAt
      : a.assignment.patientRank - b.assignment.patientRank,
  );
  for (const { reading, assignment } of sorted) {
    const { recordedAt } = reading;
    const last = stretches.at(-1);
    if (last?.patientId === assignment.patientId && recordedAt - last.until <= joinMicros) last.until = recordedAt;
    else stretches.push({ patientId: assignment.patientId, since: recordedAt, until: recordedAt });
  }
  return stretches;
}
