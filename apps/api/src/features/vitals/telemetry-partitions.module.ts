import { Module } from '@nestjs/common';
import { TelemetryPartitionsJob } from './telemetry-partitions.job.js';
import { TelemetryPartitionsRepository } from './telemetry-partitions.repository.js';
import { TelemetryRetirementJob } from './telemetry-retirement.job.js';

@Module({
  providers: [TelemetryPartitionsJob, TelemetryRetirementJob, TelemetryPartitionsRepository],
  exports: [TelemetryPartitionsJob, TelemetryRetirementJob],
})
export class TelemetryPartitionsModule {}
