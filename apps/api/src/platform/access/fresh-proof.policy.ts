/** How the user of a session proved who they are. */
export interface ProofOfSession {
  /** When the user last proved who they are. */
  readonly provedAt: Date;
  /** When by a second factor; null: never in this session. */
  readonly mfaAt: Date | null;
  /** Whether the user has a second factor. */
  readonly isEnrolled: boolean;
}

const proofCountsMs = 5 * 60_000;

/** Was it so recent that whoever proved who they are still sits there? What a session left open offers is worth less. */
export const isFresh = (at: Date | null | undefined, now: Date): boolean =>
  at instanceof Date && now.getTime() - at.getTime() <= proofCountsMs;
