import { noAnswer } from '../telemetry/telemetry-client.js';
import { type Random } from './random.js';

/** Whether the same batch may be sent again: the receiver was busy, broken or not there, and may have stored it. */
export const mayRetry = (status: number): boolean => status === noAnswer || status === 429 || status >= 500;

/**
 * How long to wait before sending again, in milliseconds: what the receiver asked for, else up to 200 ms doubling to
 * 5 s. Always jittered, so that many senders do not come back together.
 * @param attempt 1 after the first failure
 */
export function retryDelay(attempt: number, retryAfter: string | undefined, random: Random): number {
  const asked = Number(retryAfter);
  if (retryAfter !== undefined && Number.isFinite(asked)) return Math.min(asked, 60) * 1_000 + random.between(0, 1_000);
  const ceiling = Math.min(5_000, 200 * 2 ** (attempt - 1));
  return random.between(ceiling / 2, ceiling);
}
