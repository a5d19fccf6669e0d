import type { RejectedReading } from '@hms/contracts';
import type { Reading } from './reading.js';

/** What one request asks to store, in whatever format it came. */
export interface TelemetryBatch {
  /** The client's own key. */
  readonly key: string | undefined;
  /** SHA-256 of what the batch says, so that one sent again is known again, and told from another with its key. */
  readonly digest: () => Buffer;
  /** Milliseconds added to each time because the gateway's clock runs ahead; another arrival would add others. */
  readonly correctionMs: number;
  /** A time is that of arrival: sent again without a key, it is another measurement. */
  readonly untimed?: boolean;
  /** How far the gateway's clock is behind ours, when it tells. */
  readonly clockOffsetMs: number | undefined;
  /** It is stored as a whole or refused. */
  readonly whole?: boolean;
  /** Nobody tells the sender what is refused. */
  readonly unheard?: boolean;
  readonly readings: readonly Reading[];
  readonly rejected: readonly RejectedReading[];
}
