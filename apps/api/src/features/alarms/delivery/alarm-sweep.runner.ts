import { Inject, Injectable, type BeforeApplicationShutdown, type OnApplicationBootstrap } from '@nestjs/common';
import type { Logger } from '@hms/service-kit';
import { Rounds } from '../../../platform/jobs/rounds.js';
import { rootLogger } from '../../../platform/observability/observability.tokens.js';
import { AlarmSweep } from './alarm-sweep.service.js';

const everyMs = 1_000;

/** Sweeps every second in each worker, with a clock of its own and without Redis. */
@Injectable()
export class AlarmSweepRunner implements OnApplicationBootstrap, BeforeApplicationShutdown {
  readonly #rounds: Rounds;

  constructor(sweep: AlarmSweep, @Inject(rootLogger) logger: Logger) {
    this.#rounds = new Rounds(
      () => sweep.run().then(() => false),
      everyMs,
      (err) => logger.error({ err }, 'alarms are not being told'),
    );
  }

  onApplicationBootstrap(): void {
    this.#rounds.start();
  }

  beforeApplicationShutdown(): Promise<void> {
    return this.#rounds.stop();
  }
}
