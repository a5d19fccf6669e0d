import { PEER_COLUMNS } from './peer-batch.mjs';

/** @import pg from 'pg' */
/** @import { PeerBatch } from './peer-batch.mjs' */

/** What most people write: a transaction for each request, with one INSERT of many rows. */
export class InsertStore {
  #pool;

  /** @param {pg.Pool} pool */
  constructor(pool) {
    this.#pool = pool;
  }

  /** @param {PeerBatch} batch */
  async store({ caller: { gatewayId, schema }, key, day, bodyHash, rows, rejected }) {
    const client = await this.#pool.connect();
    try {
      await client.query('begin');
      await client.query(
        `insert into ${schema}.telemetry_request (day, gateway_id, batch_key, body_hash, accepted, duplicates, unassigned)
         values ($1, $2, $3, $4, $5, 0, $6)`,
        [day, gatewayId, key, bodyHash, rows.length, rejected],
      );
      const width = PEER_COLUMNS.length;
      const places = rows.map((_, i) => `(${PEER_COLUMNS.map((__, n) => `$${i * width + n + 1}`).join(',')})`);
      await client.query(`insert into ${schema}.vitals (${PEER_COLUMNS.join()}) values ${places.join()}`, rows.flat());
      await client.query('commit');
    } finally {
      client.release();
    }
  }
}
