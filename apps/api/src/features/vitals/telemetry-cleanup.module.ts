import { Module } from '@nestjs/common';
import { TelemetryCleanupJob } from './telemetry-cleanup.job.js';
import { TelemetryCleanupRepository } from './telemetry-cleanup.repository.js';

@Module({
  providers: [TelemetryCleanupJob, TelemetryCleanupRepository],
  exports: [TelemetryCleanupJob],
})
export class TelemetryCleanupModule {}
