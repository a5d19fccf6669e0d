import type { RejectedReading } from '@hms/contracts';
import { type Assignment, assignmentAt, type DeviceMap } from '../devices/device-map.js';
import { reject, type Reading, type ResolvedReading, type StatedPatient } from './reading.js';

/**
 * Finds for each reading the patient who wore its device when it was *recorded*: a reading that arrives after the
 * device moved on still belongs to the patient it was taken from. A sender that names another patient is refused: one of
 * the two is wrong.
 */
export function resolveReading(
  reading: Reading,
  devices: DeviceMap,
  gatewayId: string,
): ResolvedReading | RejectedReading {
  const device = devices.find(reading.device);
  if (!device) return reject(reading.index, 'unknown_device', 'd');
  if (device.gatewayId !== gatewayId) return reject(reading.index, 'foreign_device', 'd');
  if (device.disabled) return reject(reading.index, 'disabled_device', 'd');
  const assignment = assignmentAt(device, reading.recordedAt);
  if (reading.patient && assignment && !isOf(reading.patient, assignment))
    return reject(reading.index, 'wrong_patient');
  return { reading, device, assignment };
}

const isOf = ({ ids, mrns }: StatedPatient, { patientId, mrn }: Assignment): boolean =>
  ids.includes(patientId) || mrns.includes(mrn);
