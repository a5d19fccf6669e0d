import { Injectable } from '@nestjs/common';
import { HospitalDatabase } from '@hms/database';
import { z } from 'zod';
import type { Job } from '../../platform/jobs/job.js';
import { EachHospital } from '../../platform/tenancy/each-hospital.service.js';
import { TelemetryCleanupRepository } from './telemetry-cleanup.repository.js';

/** Forgets batches that cannot come again, and flushes nobody can be in doubt about. */
@Injectable()
export class TelemetryCleanupJob implements Job {
  readonly name = 'telemetry-cleanup';
  readonly data = z.object({});
  readonly attempts = 3;
  readonly backoffMs = 60_000;
  readonly schedule = { everyMs: 3_600_000, data: {} };

  constructor(
    private readonly database: HospitalDatabase,
    private readonly telemetry: TelemetryCleanupRepository,
    private readonly eachHospital: EachHospital,
  ) {}

  run(): Promise<void> {
    return this.eachHospital.run('telemetry cleanup', async (hospital) => {
      while ((await this.database.inHospital(hospital, (tx) => this.telemetry.deleteBatches(tx))) > 0);
      while ((await this.database.inHospital(hospital, (tx) => this.telemetry.deleteFlushes(tx))) > 0);
    });
  }
}
