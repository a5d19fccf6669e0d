import { Inject, Injectable, type BeforeApplicationShutdown, type OnApplicationBootstrap } from '@nestjs/common';
import type { Logger } from '@hms/service-kit';
import { Rounds } from '../../platform/jobs/rounds.js';
import { rootLogger } from '../../platform/observability/observability.tokens.js';
import { ReminderSweep } from './reminder-sweep.service.js';

const idleMs = 1_000;

/** Asks PostgreSQL what is due, in each worker, with a clock of its own and without Redis. */
@Injectable()
export class ReminderRunner implements OnApplicationBootstrap, BeforeApplicationShutdown {
  readonly #rounds: Rounds;

  constructor(sweep: ReminderSweep, @Inject(rootLogger) logger: Logger) {
    this.#rounds = new Rounds(
      () => sweep.run(),
      idleMs,
      (err) => logger.error({ err }, 'reminders wait'),
    );
  }

  onApplicationBootstrap(): void {
    this.#rounds.start();
  }

  beforeApplicationShutdown(): Promise<void> {
    return this.#rounds.stop();
  }
}
