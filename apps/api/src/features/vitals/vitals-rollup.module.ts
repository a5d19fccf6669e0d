import { Module } from '@nestjs/common';
import { VitalsRollupJob } from './vitals-rollup.job.js';
import { VitalsRollupRepository } from './vitals-rollup.repository.js';
import { VitalsRollupService } from './vitals-rollup.service.js';

@Module({
  providers: [VitalsRollupRepository, VitalsRollupService, VitalsRollupJob],
  exports: [VitalsRollupJob, VitalsRollupService, VitalsRollupRepository],
})
export class VitalsRollupModule {}
