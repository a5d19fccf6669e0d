/** How much is summed up in one transaction. */
export interface Portion {
  /** So many new minutes of everybody. */
  readonly minutes: number;
  /** So many entries of what is dirty. */
  readonly entries: number;
  /** So much of each entry. */
  readonly pieceMinutes: number;
}

/** At most 1.4 million readings of monitors that send one a second are summed up again. */
const most: Portion = { minutes: 60, entries: 200, pieceMinutes: 120 };
const quickMs = 500;

export const firstPortion: Portion = { ...most, minutes: 1 };

/** After one that was done in so many milliseconds. */
export function nextPortion(done: Portion, tookMs: number): Portion {
  if (tookMs >= quickMs) return { ...done, minutes: 1 };
  return {
    minutes: Math.min(done.minutes * 2, most.minutes),
    entries: Math.min(done.entries * 2, most.entries),
    pieceMinutes: Math.min(done.pieceMinutes * 2, most.pieceMinutes),
  };
}

/** After one that was not done in time; undefined when there is no smaller one. */
export function halfOf({ minutes, entries, pieceMinutes }: Portion): Portion | undefined {
  if (minutes === 1 && entries === 1 && pieceMinutes === 1) return undefined;
  const half = (count: number): number => Math.ceil(count / 2);
  return { minutes: half(minutes), entries: half(entries), pieceMinutes: half(pieceMinutes) };
}
