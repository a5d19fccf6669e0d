import type { syncLimits, syncLiveClosing } from '@hms/contracts';

/** Those of the contract, whose code a browser need not load; a test says that they are the same. */
export const limits = {
  ops: 200,
  opBytes: 64 * 1024,
  bodyBytes: 1024 * 1024,
} satisfies Partial<Record<keyof typeof syncLimits, number>>;

export const protocol = 1;
export const liveClosing = {
  unauthenticated: 4401,
  syncFirst: 4409,
} satisfies Partial<Record<keyof typeof syncLiveClosing, number>>;
export const schema = 1;

/** What of a body is left for everything that is no op: cursors of all entities and the envelope. */
export const envelopeBytes = 32 * 1024;
/** A group goes in one request. */
export const groupBytes = limits.bodyBytes - envelopeBytes;
