import { Injectable } from '@nestjs/common';
import { HospitalDatabase } from '@hms/database';
import { z } from 'zod';
import type { Job } from '../../platform/jobs/job.js';
import { EachHospital } from '../../platform/tenancy/each-hospital.service.js';
import { TelemetryPartitionsRepository } from './telemetry-partitions.repository.js';

/**
 * Drops the partitions a hospital keeps no longer, one in each transaction. One that is in use at that moment, by a long
 * query say, is left for the next try: nobody waits for it longer than 300 ms.
 */
@Injectable()
export class TelemetryRetirementJob implements Job {
  readonly name = 'telemetry-retirement';
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
    return this.eachHospital.run('telemetry retirement', async (hospital) => {
      // Before the partitions of their time, which stay for readings that may be claimed.
      while ((await this.database.inHospital(hospital, (tx) => this.partitions.deleteUnassigned(tx))) > 0);
      while ((await this.database.inHospital(hospital, (tx) => this.partitions.retire(tx))) !== undefined);
      while ((await this.database.inHospital(hospital, (tx) => this.partitions.deleteStatedPatients(tx))) > 0);
      while ((await this.database.inHospital(hospital, (tx) => this.partitions.deleteDeadLetters(tx))) > 0);
    });
  }
}
