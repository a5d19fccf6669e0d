import { Inject, Injectable } from '@nestjs/common';
import { HospitalDatabase } from '@hms/database';
import type { Logger } from '@hms/service-kit';
import { z } from 'zod';
import type { Job } from '../../platform/jobs/job.js';
import { rootLogger } from '../../platform/observability/observability.tokens.js';
import { TelemetryPartitionsRepository } from './telemetry-partitions.repository.js';

/**
 * Keeps a partition ready for every reading ingest may take, five weeks ahead: a reading without one is refused. A
 * hospital where that fails stops no other; the job then fails as a whole and is tried again.
 */
@Injectable()
export class TelemetryPartitionsJob implements Job {
  readonly name = 'telemetry-partitions';
  readonly data = z.object({});
  readonly attempts = 5;
  readonly backoffMs = 10_000;
  readonly schedule = { everyMs: 3_600_000, data: {} };

  constructor(
    private readonly database: HospitalDatabase,
    private readonly partitions: TelemetryPartitionsRepository,
    @Inject(rootLogger) private readonly logger: Logger,
  ) {}

  async run(): Promise<void> {
    const hospitals = await this.partitions.activeHospitals();
    let failed = 0;
    for (const hospital of hospitals) {
      try {
        await this.database.inHospital(hospital, (tx) => this.partitions.ensure(tx));
      } catch (err) {
        failed += 1;
        this.logger.error({ err, hospitalId: hospital.id }, 'telemetry partitions not ensured');
      }
    }
    if (failed > 0) throw new Error(`telemetry partitions: ${failed} of ${hospitals.length} hospitals failed`);
  }
}
