import { commonError, type AppError } from '@hms/contracts';
import type { Verdict } from './quota-limiter.js';

const spreadSeconds = 4;

export const wholeSeconds = (ms: number): number => Math.max(1, Math.ceil(ms / 1_000));

/** `rate.limited`; clients that are refused together are not asked back together. */
export function limitedError({ waitMs }: Verdict): AppError {
  const retryAfter = wholeSeconds(waitMs) + Math.floor(Math.random() * spreadSeconds);
  const detail = `Wait ${String(retryAfter)} s, and then send such requests more slowly`;
  return commonError('rate.limited', { detail, retryAfter });
}
