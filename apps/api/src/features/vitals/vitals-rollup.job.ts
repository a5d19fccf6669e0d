import { Injectable } from '@nestjs/common';
import { z } from 'zod';
import type { Job } from '../../platform/jobs/job.js';
import { EachHospital } from '../../platform/tenancy/each-hospital.service.js';
import { notSummedUp } from './vitals-rollup.repository.js';
import { VitalsRollupService } from './vitals-rollup.service.js';

/** Keeps `vitals_1m` and `vitals_15m` as if they had been summed up a minute ago. */
@Injectable()
export class VitalsRollupJob implements Job {
  readonly name = 'vitals-rollup';
  readonly data = z.object({});
  /** It comes again in a minute. */
  readonly attempts = 1;
  readonly backoffMs = 60_000;
  readonly schedule = { everyMs: 60_000, data: {} };

  constructor(
    private readonly rollup: VitalsRollupService,
    private readonly eachHospital: EachHospital,
  ) {}

  run(): Promise<void> {
    return this.eachHospital.runWhere(notSummedUp, 'vitals roll-up', (hospital) =>
      this.rollup.catchUp(hospital, new Date()),
    );
  }
}
