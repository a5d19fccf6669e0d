import { setTimeout as sleep } from 'node:timers/promises';
import { sqlState } from './sql-errors.js';

const REPEATS = 3;
/** Serialization failure and deadlock: PostgreSQL rolled this transaction back so that another could go on. */
const VICTIM = new Set(['40001', '40P01']);

/**
 * Runs a transaction, and up to three times more while PostgreSQL makes it the victim of a conflict. Nothing else is
 * repeated: after a lost connection nobody knows whether the transaction was committed.
 *
 * @param pause waits the given milliseconds
 */
export async function repeatVictims<T>(
  attempt: () => Promise<T>,
  pause: (ms: number) => Promise<unknown> = sleep,
): Promise<T> {
  for (let repeat = 1; ; repeat += 1) {
    try {
      return await attempt();
    } catch (err) {
      if (repeat > REPEATS || !VICTIM.has(sqlState(err) ?? '')) throw err;
      await pause(Math.random() * 20 * 2 ** repeat);
    }
  }
}
