import { setTimeout as delay } from 'node:timers/promises';
import type { Logger } from '@hms/service-kit';
import { failureOf } from '../../database/failure.js';
import type { Lane } from '../../database/lane.js';
import { activeHospitals } from '../../hospitals/active-hospitals.js';
import type { Hospital } from '../../hospitals/hospital.js';
import type { Hospitals } from '../../hospitals/hospitals.js';
import { refreshLatestSince } from './refresh-latest.js';

export interface RepairParts {
  /** Of this alone: somebody may hold the tables it reads. */
  readonly lane: Lane;
  readonly hospitals: Hospitals;
  readonly logger: Logger;
  readonly stopping: () => boolean;
}

const againAfterMs = 500;
/** What somebody holds for longer is left as it is: the next reading of each patient mends it. */
const longestMs = 10_000;

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

  async function repairHospital(hospital: Hospital): Promise<void> {
    const patients = await lane.run<{ patient_id: string }>(
      `select distinct patient_id from ${hospital.schema}.device_assignment where valid @> now()`,
    );
    for (const { patient_id } of patients) {
      const end = performance.now() + longestMs;
      while (!stopping() && !(await repairPatient(hospital, patient_id))) {
        if (performance.now() > end) throw new Error('somebody holds what it needs');
        await delay(againAfterMs);
      }
    }
  }

  /** False while readings move from one patient to another. */
  async function repairPatient(hospital: Hospital, patientId: string): Promise<boolean> {
    try {
      await lane.run(refreshLatestSince(hospital, patientId, `now() - interval '10 minutes'`));
      return true;
    } catch (err) {
      if (failureOf(err) !== 'transient') throw err;
      return false;
    }
  }
}
