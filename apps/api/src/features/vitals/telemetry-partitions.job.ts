import { Injectable } from '@nestjs/common';
import { HospitalDatabase } from '@hms/database';
import { z } from 'zod';
import type { Job } from '../../platform/jobs/job.js';
import { EachHospital } from '../../platform/tenancy/each-hospital.service.js';
import { TelemetryPartitionsRepository } from './telemetry-partitions.repository.js';

/** Keeps a partition ready for every reading ingest may take, five weeks ahead: a reading without one is refused. */
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
    private readonly eachHospital: EachHospital,
  ) {}

  run(): Promise<void> {
    return this.eachHospital.run('telemetry partitions', (hospital) =>
      this.database.inHospital(hospital, (tx) => this.partitions.ensure(tx)),
    );
  }
}
