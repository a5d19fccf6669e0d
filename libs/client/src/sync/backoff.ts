const leastMs = 1_000;
const mostMs = 5 * 60_000;

/** How long to wait after so many failures in a row: twice as long at most each time, somewhere in between by chance. */
export function backoffMs(failures: number, random: number): number {
  const most = Math.min(mostMs, leastMs * 2 ** Math.min(failures, 20));
  return Math.round(leastMs + random * (most - leastMs));
}

/** Not before the server asked for, and not all devices at once. */
export const retryAfterMs = (askedMs: number, random: number): number => Math.round(askedMs * (1 + random / 2));

/** `Retry-After`, in seconds or as a date. */
export function parseRetryAfter(header: string | null, nowMs: number): number | undefined {
  if (header === null || header.trim() === '') return undefined;
  const seconds = Number(header);
  if (Number.isFinite(seconds)) return Math.max(0, seconds * 1_000);
  const at = Date.parse(header);
  return Number.isNaN(at) ? undefined : Math.max(0, at - nowMs);
}
