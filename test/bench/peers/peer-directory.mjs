import { createHash, timingSafeEqual } from 'node:crypto';

/** @import pg from 'pg' */

/**
 * @typedef {object} Place
 * @property {number} deviceNo
 * @property {string} patientId
 * @property {number} from milliseconds since the epoch
 * @property {number} until exclusive
 *
 * @typedef {object} Caller
 * @property {string} gatewayId
 * @property {string} schema
 * @property {Map<string, Place>} places of its devices, by their names
 */

/**
 * Who may send what, looked up once for each key. Unlike ingest it never hears of a change.
 */
export class PeerDirectory {
  /** @type {Map<string, Promise<Caller | undefined>>} */
  #callers = new Map();
  #pool;

  /** @param {pg.Pool} pool */
  constructor(pool) {
    this.#pool = pool;
  }

  /**
   * @param {string} authorization
   * @returns {Promise<Caller | undefined>}
   */
  callerOf(authorization) {
    let caller = this.#callers.get(authorization);
    if (!caller) this.#callers.set(authorization, (caller = this.#find(authorization)));
    return caller;
  }

  /** @param {string} authorization */
  async #find(authorization) {
    const [, keyId = '', secret = ''] = /^Bearer dk_([a-z0-9]{12})_([\w-]{43})$/.exec(authorization) ?? [];
    const { rows } = await this.#pool.query(
      `select k.secret_hash, k.gateway_id, 'hospital_' || h.slug as schema
         from public.gateway_key k join public.hospital h on h.id = k.hospital_id
        where k.key_id = $1 and k.revoked_at is null`,
      [keyId],
    );
    const [row] = rows;
    if (!row || !timingSafeEqual(createHash('sha256').update(secret).digest(), row.secret_hash)) return undefined;
    const devices = await this.#pool.query(
      `select d.external_id as name, d.device_no as "deviceNo", a.patient_id as "patientId",
              extract(epoch from lower(a.valid))::float8 * 1000 as from,
              coalesce(extract(epoch from upper(a.valid))::float8 * 1000, 'infinity') as until
         from ${row.schema}.device d join ${row.schema}.device_assignment a on a.device_id = d.id
        where d.gateway_id = $1 and upper_inf(a.valid)`,
      [row.gateway_id],
    );
    const places = new Map(devices.rows.map(({ name, ...place }) => [name, place]));
    return { gatewayId: row.gateway_id, schema: row.schema, places };
  }
}
