import type { Refused } from './transport.js';

/** What to do about a refused request. None of it takes an op from the queue (C2). */
export type Remedy =
  | { readonly do: 'register' }
  /** Ops from here on have to be sent again. */
  | { readonly do: 'restore'; readonly from: number }
  | { readonly do: 'new-identity' }
  | { readonly do: 'send-less' }
  | { readonly do: 'stop'; readonly wipe: boolean }
  | { readonly do: 'wait'; readonly code: string; readonly afterMs?: number };

export function remedyFor({ status, problem, retryAfterMs }: Refused): Remedy {
  const code = typeof problem['code'] === 'string' ? problem['code'] : `http.${status}`;
  switch (code) {
    case 'sync.unknown-device':
      return { do: 'register' };
    case 'sync.device-revoked':
      return { do: 'stop', wipe: problem['wipe'] === true };
    case 'sync.device-forked':
      return { do: 'new-identity' };
    case 'sync.gap':
      if (typeof problem['expected'] === 'number') return { do: 'restore', from: problem['expected'] };
      break;
  }
  if (status === 413) return { do: 'send-less' };
  return { do: 'wait', code, ...(retryAfterMs === undefined ? {} : { afterMs: retryAfterMs }) };
}
