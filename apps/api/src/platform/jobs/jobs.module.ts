import { Module, type DynamicModule, type Type } from '@nestjs/common';
import { JobRegistry, type Job } from './job.js';
import { JobRunner } from './job-runner.service.js';

@Module({})
export class JobsModule {
  /** Runs the jobs these modules export. */
  static running(jobs: readonly Type<Job>[], imports: readonly Type[]): DynamicModule {
    return {
      module: JobsModule,
      imports: [...imports],
      providers: [
        JobRunner,
        { provide: JobRegistry, inject: [...jobs], useFactory: (...made: Job[]) => new JobRegistry(made) },
      ],
    };
  }
}
