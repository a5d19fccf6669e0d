import { Injectable } from '@nestjs/common';
import { z } from 'zod';
import type { Job } from '../../platform/jobs/job.js';
import { SignInCleanupRepository } from './sign-in-cleanup.repository.js';

const day = 24 * 3_600_000;
const tokensKeptMs = 30 * day;
const keptMs = 90 * day;
const batch = 500;

/** Deletes sessions and invitations 90 days after they ended, and tokens after 30; the audit knows who was there. */
@Injectable()
export class SignInCleanupJob implements Job {
  readonly name = 'sign-in-cleanup';
  readonly data = z.object({});
  readonly attempts = 3;
  readonly backoffMs = 60_000;
  readonly schedule = { everyMs: day, data: {} };

  constructor(private readonly ended: SignInCleanupRepository) {}

  async run(): Promise<void> {
    const now = Date.now();
    const before = new Date(now - keptMs);
    while ((await this.ended.deleteTokens(new Date(now - tokensKeptMs), batch)) > 0);
    while ((await this.ended.deleteSessions(before, batch)) > 0);
    while ((await this.ended.deleteInvitations(before, batch)) > 0);
  }
}
