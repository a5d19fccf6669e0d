/** From, and until exclusive; milliseconds since 1970. */
export type Stretch = readonly [from: number, until: number];

/** Where each part of a window is read, so that every reading counts once. */
export interface RollupPlan {
  readonly quarters: readonly Stretch[];
  readonly minutes: readonly Stretch[];
  readonly raw: readonly Stretch[];
}

export const minuteMs = 60_000;
export const quarterMs = 15 * minuteMs;

const floor = (ms: number, to: number): number => Math.floor(ms / to) * to;
const ceil = (ms: number, to: number): number => Math.ceil(ms / to) * to;
const stretches = (...all: Stretch[]): Stretch[] => all.filter(([from, until]) => from < until);

/**
 * Whole quarters of an hour from `vitals_15m` when the buckets are as wide, whole minutes around them from `vitals_1m`,
 * and readings at the edges and of what is not summed up yet.
 * @param width of the buckets, a multiple of a minute
 */
export function planRollups([from, to]: Stretch, width: number, rolledUntil: number): RollupPlan {
  const firstMinute = ceil(from, minuteMs);
  const lastMinute = floor(Math.min(to, rolledUntil), minuteMs);
  if (firstMinute >= lastMinute) return { quarters: [], minutes: [], raw: [[from, to]] };
  const raw = stretches([from, firstMinute], [lastMinute, to]);
  const firstQuarter = ceil(firstMinute, quarterMs);
  const lastQuarter = floor(lastMinute, quarterMs);
  if (width % quarterMs !== 0 || firstQuarter >= lastQuarter) {
    return { quarters: [], minutes: [[firstMinute, lastMinute]], raw };
  }
  const minutes = stretches([firstMinute, firstQuarter], [lastQuarter, lastMinute]);
  return { quarters: [[firstQuarter, lastQuarter]], minutes, raw };
}
