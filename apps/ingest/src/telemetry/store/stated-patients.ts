import type { StatedPatient } from '../reading.js';
import type { HospitalGroup } from './hospital-group.js';
import { storable, text, timestamp } from './statements.js';

/** Longer than any identifier there is. */
const longestIdentifier = 200;

/** As the database keeps whom a sender named, for later comparison. */
export function jsonOfStated({ ids, mrns }: StatedPatient): string {
  const storables = (identifiers: readonly string[]): string[] =>
    identifiers.map((identifier) => storable(identifier.slice(0, longestIdentifier)));
  return JSON.stringify({ ids: storables(ids), mrns: storables(mrns) });
}

/**
 * A statement that keeps whom senders named as the patient of readings nobody wore yet: who claims them has to be that
 * patient. None when there are none. Of others a flag tells that the patient they are stored for was named.
 */
export function insertStatedPatients({ hospital, rows }: HospitalGroup): string[] {
  const values: string[] = [];
  for (const { reading, device, assignment } of rows) {
    if (assignment || !reading.patient) continue;
    values.push(`(${device.no}, ${timestamp(reading.recordedAt)}, ${text(jsonOfStated(reading.patient))}::jsonb)`);
  }
  if (values.length === 0) return [];
  return [
    `insert into ${hospital.schema}.vitals_stated_patient (device_no, recorded_at, stated)
       values ${values.join(', ')} on conflict do nothing`,
  ];
}
