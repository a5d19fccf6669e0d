import { Module } from '@nestjs/common';
import { TelemetryPartitionsJob } from './telemetry-partitions.job.js';
import { TelemetryPartitionsRepository } from './telemetry-partitions.repository.js';

@Module({
  providers: [TelemetryPartitionsJob, TelemetryPartitionsRepository],
  exports: [TelemetryPartitionsJob],
})
export class TelemetryPartitionsModule {}
