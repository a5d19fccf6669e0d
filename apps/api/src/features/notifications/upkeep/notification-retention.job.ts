import { Injectable } from '@nestjs/common';
import { HospitalDatabase, type HospitalRef } from '@hms/database';
import { z } from 'zod';
import type { Job } from '../../../platform/jobs/job.js';
import { EachHospital } from '../../../platform/tenancy/each-hospital.service.js';
import { NotificationUpkeepRepository } from './notification-upkeep.repository.js';

const atATime = 1_000;
/** How long a token that was signed out or is gone says why a push was not sent. */
const deadTokensKeptMs = 30 * 86_400_000;

/** Removes what the hospital's log keeps no longer, and tokens that reach nobody. */
@Injectable()
export class NotificationRetentionJob implements Job {
  readonly name = 'notification-retention';
  readonly data = z.object({});
  readonly attempts = 3;
  readonly backoffMs = 10_000;
  readonly schedule = { everyMs: 3_600_000, data: {} };

  constructor(
    private readonly database: HospitalDatabase,
    private readonly eachHospital: EachHospital,
    private readonly upkeep: NotificationUpkeepRepository,
  ) {}

  async run(): Promise<void> {
    await this.forgetTokens(new Date());
    await this.eachHospital.run('removing old notifications', (hospital) => this.forget(hospital));
  }

  async forget(hospital: HospitalRef): Promise<void> {
    while ((await this.database.inHospital(hospital, (tx) => this.upkeep.forget(tx, atATime))) === atATime);
  }

  async forgetTokens(now: Date): Promise<void> {
    const before = new Date(now.getTime() - deadTokensKeptMs);
    while ((await this.upkeep.forgetTokens(before, atATime)) === atATime);
  }
}
