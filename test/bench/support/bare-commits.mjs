import { setTimeout as delay } from 'node:timers/promises';
import { Histogram } from './histogram.mjs';
import { connectOwner } from './vitals-table.mjs';

/** @import pg from 'pg' */

const EVERY_MS = 10;

/**
 * Commits transactions that write a few bytes of WAL and no table: the disk's own latency. What comes due while one of them
 * takes long counts with what it would have waited, as it does for an open load.
 */
export class BareCommits {
  #latency = new Histogram();
  #over = false;
  /** @type {Promise<void>} */
  #done;

  /** @param {pg.Client} owner */
  constructor(owner) {
    this.#done = this.#run(owner).finally(() => owner.end());
  }

  static async begin() {
    return new BareCommits(await connectOwner());
  }

  /** @returns {Promise<Histogram>} milliseconds, of those since it began */
  async end() {
    this.#over = true;
    await this.#done;
    return this.#latency;
  }

  /** @param {pg.Client} owner */
  async #run(owner) {
    while (!this.#over) {
      const began = performance.now();
      await owner.query("select pg_logical_emit_message(true, 'bench', 'a bare commit')");
      for (let ms = performance.now() - began; ms > 0; ms -= EVERY_MS) this.#latency.add(ms);
      await delay(EVERY_MS);
    }
  }
}
