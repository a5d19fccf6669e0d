import { Injectable } from '@nestjs/common';
import { z } from 'zod';
import type { Job } from '../../platform/jobs/job.js';
import { SignInCleanupRepository, type InvitationToken, type SessionPlace } from './sign-in-cleanup.repository.js';

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

  /** @throws an AggregateError when one of the three failed; the others are done nevertheless */
  async run(): Promise<void> {
    const now = Date.now();
    const [tokensBefore, before] = [new Date(now - tokensKeptMs), new Date(now - keptMs)];
    const cleanups = [
      () => pageByPage<SessionPlace>((after) => this.ended.deleteTokens(tokensBefore, batch, after)),
      () => pageByPage<SessionPlace>((after) => this.ended.deleteSessions(before, batch, after)),
      () => pageByPage<InvitationToken>((after) => this.ended.deleteInvitations(before, batch, after)),
    ];
    const failures: unknown[] = [];
    for (const cleanup of cleanups) await cleanup().catch((err: unknown) => failures.push(err));
    if (failures.length > 0) throw new AggregateError(failures, 'the sign-in cleanup is not complete');
  }
}

async function pageByPage<Place>(page: (after?: Place) => Promise<Place | undefined>): Promise<void> {
  let place = await page();
  while (place !== undefined) place = await page(place);
}
