import { telemetryError } from '@hms/contracts';
import { LRUCache } from 'lru-cache';
import type { Answer } from './submission.js';

/** Answers that list more are left to the ledger. */
const rejectionsKept = 10;

interface Known {
  readonly bodyHash: bigint;
  readonly answer: Promise<Answer>;
}

/**
 * The batches of the last minutes, so that one sent again while it is being stored waits for the same answer, and one
 * sent again soon costs no query. The ledger in the database knows the rest.
 */
export class RecentBatches {
  readonly #known = new LRUCache<string, Known>({ max: 50_000, ttl: 10 * 60_000 });

  /** Does `store` for the first of equal batches; the others get its answer. */
  async once(name: string, bodyHash: bigint, store: () => Promise<Answer>): Promise<Answer> {
    const known = this.#known.get(name);
    if (known) {
      if (known.bodyHash !== bodyHash) throw telemetryError('telemetry.batch-key-reused');
      return { ...(await known.answer), replayed: true };
    }
    const answer = store();
    this.#known.set(name, { bodyHash, answer });
    try {
      const { receipt } = await answer;
      if (receipt.rejected.length > rejectionsKept) this.#known.delete(name);
      return await answer;
    } catch (err) {
      this.#known.delete(name);
      throw err;
    }
  }
}
