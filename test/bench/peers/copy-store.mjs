import { once } from 'node:events';
import { from as copyFrom } from 'pg-copy-streams';
import { PEER_COLUMNS } from './peer-batch.mjs';

/** @import pg from 'pg' */
/** @import { PeerBatch } from './peer-batch.mjs' */

const WRITERS = 3;
const ROWS_PER_FLUSH = 4_000;

/** The same idea as ingest's: what waits goes out together, by COPY, while other transactions run. */
export class CopyStore {
  /** @type {{ batch: PeerBatch, done: () => void, fail: (reason: unknown) => void }[]} */
  #waiting = [];
  #idle = WRITERS;
  #pool;

  /** @param {pg.Pool} pool */
  constructor(pool) {
    this.#pool = pool;
  }

  /**
   * @param {PeerBatch} batch
   * @returns {Promise<void>}
   */
  store(batch) {
    return new Promise((done, fail) => {
      this.#waiting.push({ batch, done: () => done(), fail });
      if (this.#idle > 0) setImmediate(() => this.#flush());
    });
  }

  #flush() {
    if (this.#idle === 0 || this.#waiting.length === 0) return;
    this.#idle--;
    let rows = 0;
    const end = this.#waiting.findIndex(({ batch }) => (rows += batch.rows.length) > ROWS_PER_FLUSH);
    const taken = this.#waiting.splice(0, end === -1 ? this.#waiting.length : Math.max(1, end));
    void this.#write(taken.map(({ batch }) => batch))
      .then(
        () => taken.forEach(({ done }) => done()),
        (reason) => taken.forEach(({ fail }) => fail(reason)),
      )
      .then(() => {
        this.#idle++;
        this.#flush();
      });
  }

  /** @param {readonly PeerBatch[]} batches of one hospital */
  async #write(batches) {
    const schema = batches[0]?.caller.schema;
    const client = await this.#pool.connect();
    try {
      await client.query('begin');
      const ledger = batches.map(
        ({ caller, day, key, bodyHash, rows, rejected }) =>
          `('${day}','${caller.gatewayId}','${key}',${bodyHash},${rows.length},0,${rejected})`,
      );
      await client.query(
        `insert into ${schema}.telemetry_request
           (day, gateway_id, batch_key, body_hash, accepted, duplicates, unassigned) values ${ledger.join()}`,
      );
      const copy = client.query(copyFrom(`copy ${schema}.vitals (${PEER_COLUMNS.join()}) from stdin`));
      const finished = once(copy, 'finish');
      copy.end(batches.map(({ rows }) => rows.map(toLine).join('')).join(''));
      await finished;
      await client.query('commit');
    } finally {
      client.release();
    }
  }
}

/** @param {readonly (string | number | null)[]} row */
const toLine = (row) => `${row.map((cell) => cell ?? '\\N').join('\t')}\n`;
