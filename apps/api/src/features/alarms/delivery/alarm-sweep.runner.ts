import { Inject, Injectable, type BeforeApplicationShutdown, type OnApplicationBootstrap } from '@nestjs/common';
import type { Logger } from '@hms/service-kit';
import { rootLogger } from '../../../platform/observability/observability.tokens.js';
import { AlarmSweep } from './alarm-sweep.service.js';

const everyMs = 1_000;

/** Sweeps every second in each worker, with a clock of its own and without Redis. */
@Injectable()
export class AlarmSweepRunner implements OnApplicationBootstrap, BeforeApplicationShutdown {
  #timer: NodeJS.Timeout | undefined;
  #round: Promise<void> = Promise.resolve();
  #stopped = false;

  constructor(
    private readonly sweep: AlarmSweep,
    @Inject(rootLogger) private readonly logger: Logger,
  ) {}

  onApplicationBootstrap(): void {
    this.#round = this.sweep
      .run()
      .catch((err: unknown) => this.logger.error({ err }, 'alarms are not being told'))
      .finally(() => {
        if (!this.#stopped) this.#timer = setTimeout(() => this.onApplicationBootstrap(), everyMs);
      });
  }

  async beforeApplicationShutdown(): Promise<void> {
    this.#stopped = true;
    clearTimeout(this.#timer);
    await this.#round;
  }
}
