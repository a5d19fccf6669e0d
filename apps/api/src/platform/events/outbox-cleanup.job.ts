import { Injectable } from '@nestjs/common';
import { z } from 'zod';
import type { Job } from '../jobs/job.js';
import { OutboxStateRepository } from './outbox-state.repository.js';

const keptDays = 7;
const batch = 1_000;

/** Removes events everybody handled a week ago; those with a delivery that is dead stay. */
@Injectable()
export class OutboxCleanupJob implements Job {
  readonly name = 'outbox-cleanup';
  readonly data = z.object({});
  readonly attempts = 3;
  readonly backoffMs = 60_000;
  readonly schedule = { everyMs: 3_600_000, data: {} };

  constructor(private readonly outbox: OutboxStateRepository) {}

  async run(): Promise<void> {
    while ((await this.outbox.removeOld(keptDays, batch)) === batch);
  }
}
