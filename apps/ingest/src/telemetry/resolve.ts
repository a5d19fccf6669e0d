import type { RejectedReading } from '@hms/contracts';
import { assignmentAt, type DeviceMap } from '../devices/device-map.js';
import { reject, type Reading, type ResolvedReading } from './reading.js';

/**
 * Finds for each reading the patient who wore its device when it was *recorded*: a reading that arrives after the
 * device moved on still belongs to the patient it was taken from.
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
  return { reading, device, assignment: assignmentAt(device, reading.recordedAt) };
}
