import { commonError } from '@hms/contracts';

/** How close together the points of a chart are, milliseconds; `raw` is every reading. */
export const resolutions = { raw: 0, '1m': 60_000, '5m': 300_000, '15m': 900_000, '1h': 3_600_000 } as const;
export type Resolution = keyof typeof resolutions;
export const resolutionNames = Object.keys(resolutions) as Resolution[];

/** What a chart of a day is worth looking at, and what one answer may hold. */
const wantedPoints = 1_000;
const maxBuckets = 2_000;
const defaultSpanMs = 24 * 3_600_000;
/** Monitors send about one reading a second. */
const rawIntervalMs = 1_000;

export interface VitalsWindow {
  readonly from: Date;
  /** Exclusive. */
  readonly to: Date;
  readonly resolution: Resolution;
}

/** The finest resolution that shows the span in about a thousand points. */
export function resolutionFor(spanMs: number): Resolution {
  const fits = resolutionNames.find((name) => spanMs / Math.max(resolutions[name], rawIntervalMs) <= wantedPoints);
  return fits ?? '1h';
}

/**
 * The last 24 hours unless said otherwise.
 * @throws `request.invalid` when the window is empty or holds too many points of the resolution
 */
export function windowOf(
  asked: { readonly from?: Date; readonly to?: Date; readonly resolution?: Resolution },
  now: Date,
): VitalsWindow {
  const to = asked.to ?? now;
  const from = asked.from ?? new Date(to.getTime() - defaultSpanMs);
  const span = to.getTime() - from.getTime();
  if (span <= 0) throw invalid('from', 'from must be before to');
  const resolution = asked.resolution ?? resolutionFor(span);
  if (resolution !== 'raw' && span / resolutions[resolution] > maxBuckets) {
    throw invalid('resolution', `from and to are too far apart: at most ${maxBuckets} points are answered at once`);
  }
  return { from, to, resolution };
}

const invalid = (field: string, message: string) =>
  commonError('request.invalid', { errors: [{ field, code: 'window', message }] });
