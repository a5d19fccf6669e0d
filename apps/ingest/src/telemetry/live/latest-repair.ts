import type { Logger } from '@hms/service-kit';
import type { Lane } from '../../database/lane.js';
import { activeHospitals } from '../../hospitals/active-hospitals.js';
import type { Hospital } from '../../hospitals/hospital.js';
import type { Hospitals } from '../../hospitals/hospitals.js';

export interface RepairParts {
  readonly lane: Lane;
  readonly hospitals: Hospitals;
  readonly logger: Logger;
  readonly stopping: () => boolean;
}

/**
 * Writes the latest vitals a process took with it when it crashed: those of the last ten minutes, of everybody who
 * wears a device now. Patient after patient, so that nobody waits for it. What fails is only logged.
 */
export async function repairLatest({ lane, hospitals, logger, stopping }: RepairParts): Promise<void> {
  try {
    for (const hospital of await activeHospitals(lane, hospitals)) {
      await repairHospital(hospital).catch((err: unknown) => {
        logger.warn({ err, hospitalId: hospital.id }, 'latest vitals not repaired');
      });
    }
  } catch (err) {
    logger.warn({ err }, 'latest vitals not repaired');
  }

  async function repairHospital({ schema }: Hospital): Promise<void> {
    const patients = await lane.run<{ patient_id: string }>(
      `select distinct patient_id from ${schema}.device_assignment where valid @> now()`,
    );
    for (const { patient_id } of patients) {
      if (stopping()) return;
      await lane.run(`select ${schema}.refresh_vitals_latest('${patient_id}', now() - interval '10 minutes')`);
    }
  }
}
