import type { Logger } from '@hms/service-kit';
import type { Caller } from '../gateways/caller.js';

const everyMs = 60_000;

/**
 * Tells operators of readings that name another patient than who wore the device: the device is on somebody else than HMS
 * believes, or the sender is. Once a minute for each gateway; the counter counts all.
 */
export function wrongPatientReport(
  logger: Logger,
  metrics: { wrongPatient(readings: number): void },
  now: () => number = () => performance.now(),
): (caller: Caller, readings: number) => void {
  const toldAt = new Map<string, number>();
  return ({ gatewayId, hospital }, readings) => {
    metrics.wrongPatient(readings);
    if (now() - (toldAt.get(gatewayId) ?? -Infinity) < everyMs) return;
    toldAt.set(gatewayId, now());
    logger.warn(
      { hospitalId: hospital.id, gatewayId, readings },
      'readings name a patient who did not wear the device',
    );
  };
}
