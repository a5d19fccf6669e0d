import { isFresh, type ProofOfSession } from '../../platform/access/fresh-proof.policy.js';
import { breakGlassError } from './break-glass.errors.js';

export const reasonCodes = ['emergency', 'cover', 'transfer', 'consultation', 'other'] as const;
export type ReasonCode = (typeof reasonCodes)[number];
export const reviewOutcomes = ['justified', 'unjustified'] as const;
export type ReviewOutcome = (typeof reviewOutcomes)[number];
/** `unreviewed` is over, `open` is not; both still wait for somebody to look at them. */
export const breakGlassStatuses = ['open', 'unreviewed', 'reviewed'] as const;
export type BreakGlassStatus = (typeof breakGlassStatuses)[number];

export const maxMinutes = 60;
const minute = 60_000;
const reviewWithinMs = 72 * 60 * minute;

export interface GrantTimes {
  readonly openedAt: Date;
  readonly expiresAt: Date;
  readonly reviewDueAt: Date;
}

export const timesOf = (now: Date, minutes: number): GrantTimes => ({
  openedAt: now,
  expiresAt: new Date(now.getTime() + minutes * minute),
  reviewDueAt: new Date(now.getTime() + reviewWithinMs),
});

/**
 * Whatever else the roles of the user ask for, this takes both factors.
 * @throws `break-glass.second-factor-missing` when the user has no second factor, `break-glass.proof-required` when they
 * proved who they are more than 5 minutes ago, or did so without it
 */
export function assertFreshProof(proof: ProofOfSession | undefined, now: Date): void {
  if (isFresh(proof?.provedAt, now) && isFresh(proof?.mfaAt, now)) return;
  throw breakGlassError(
    proof?.isEnrolled === false ? 'break-glass.second-factor-missing' : 'break-glass.proof-required',
  );
}

export interface GrantState {
  readonly expiresAt: Date;
  readonly closedAt: Date | null;
  readonly reviewedAt: Date | null;
}

export function statusOf({ expiresAt, closedAt, reviewedAt }: GrantState, now: Date): BreakGlassStatus {
  if (reviewedAt) return 'reviewed';
  return closedAt === null && now < expiresAt ? 'open' : 'unreviewed';
}
