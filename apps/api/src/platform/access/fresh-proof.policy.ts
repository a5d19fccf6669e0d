const proofCountsMs = 5 * 60_000;

/** Was it so recent that whoever proved who they are still sits there? What a session left open offers is worth less. */
export const isFresh = (at: Date | null | undefined, now: Date): boolean =>
  at instanceof Date && now.getTime() - at.getTime() <= proofCountsMs;
