import { Global, Module, type DynamicModule, type Type } from '@nestjs/common';
import { JobRegistry, type Job } from './job.js';
import { JobRunner } from './job-runner.service.js';
import { Queues } from './queues.service.js';

@Global()
@Module({ providers: [Queues], exports: [Queues] })
export class QueuesModule {}

@Module({})
export class JobsModule {
  /** Runs the jobs these modules export. */
  static running(jobs: readonly Type<Job>[], imports: readonly Type[]): DynamicModule {
    return {
      module: JobsModule,
      imports: [QueuesModule, ...imports],
      providers: [
        JobRunner,
        { provide: JobRegistry, inject: [...jobs], useFactory: (...made: Job[]) => new JobRegistry(made) },
      ],
    };
  }
}
