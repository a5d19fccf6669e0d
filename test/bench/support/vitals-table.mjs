import pg from 'pg';
import { required } from './stack.mjs';

/** @import { Fleet } from './fleet.mjs' */

/** The table of vitals, seen from beside ingest: emptied before a run and counted after it. */
export class VitalsTable {
  /** @type {pg.Client} */
  #owner;
  #name;

  /**
   * @param {pg.Client} owner
   * @param {Fleet} fleet
   */
  constructor(owner, { schema }) {
    this.#owner = owner;
    this.#name = `${schema}.vitals`;
  }

  /** Every run starts from an empty table and a written-out cache. */
  async reset() {
    await this.#owner.query(`truncate ${this.#name}`);
    const superuserUrl = process.env['DATABASE_SUPERUSER_URL'];
    if (superuserUrl === undefined) return;
    const superuser = new pg.Client({ connectionString: superuserUrl });
    await superuser.connect();
    await superuser.query('checkpoint');
    await superuser.end();
  }

  /** @returns {Promise<number>} rows in it */
  async count() {
    const { rows } = await this.#owner.query(`select count(*)::int as rows from ${this.#name}`);
    return rows[0].rows;
  }
}

/** @returns {Promise<pg.Client>} as the owner of all tables, to be ended by the caller */
export async function connectOwner() {
  const owner = new pg.Client({ connectionString: required('DATABASE_DIRECT_URL') });
  await owner.connect();
  return owner;
}
