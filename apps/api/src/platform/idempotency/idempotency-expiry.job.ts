import { Injectable } from '@nestjs/common';
import { HospitalDatabase } from '@hms/database';
import { z } from 'zod';
import type { Job } from '../jobs/job.js';
import { EachHospital } from '../tenancy/each-hospital.service.js';
import { IdempotencyRepository } from './idempotency.repository.js';

/** Deletes the keys nobody may rely on any more. */
@Injectable()
export class IdempotencyExpiryJob implements Job {
  readonly name = 'idempotency-expiry';
  readonly data = z.object({});
  readonly attempts = 3;
  readonly backoffMs = 10_000;
  readonly schedule = { everyMs: 3_600_000, data: {} };

  constructor(
    private readonly database: HospitalDatabase,
    private readonly keys: IdempotencyRepository,
    private readonly eachHospital: EachHospital,
  ) {}

  async run(): Promise<void> {
    const now = new Date();
    while ((await this.database.inPublic((tx) => this.keys.deleteExpired(tx, now))) > 0);
    await this.eachHospital.run('idempotency expiry', async (hospital) => {
      while ((await this.database.inHospital(hospital, (tx) => this.keys.deleteExpired(tx, now))) > 0);
    });
  }
}
