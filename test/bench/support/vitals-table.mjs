import pg from 'pg';
import { required } from './stack.mjs';

/** The tables of vitals, seen from beside ingest: emptied before a run and counted after it. */
export class VitalsTable {
  /** @type {pg.Client} */
  #owner;
  /** @type {string[]} */
  #names;

  /**
   * @param {pg.Client} owner
   * @param {readonly { readonly schema: string }[]} hospitals
   */
  constructor(owner, hospitals) {
    this.#owner = owner;
    this.#names = hospitals.map(({ schema }) => `${schema}.vitals`);
  }

  /** Every run starts from empty tables and a written-out cache. */
  async reset() {
    for (const name of this.#names) await this.#owner.query(`truncate ${name}`);
    const superuserUrl = process.env['DATABASE_SUPERUSER_URL'];
    if (superuserUrl === undefined) return;
    const superuser = new pg.Client({ connectionString: superuserUrl });
    await superuser.connect();
    await superuser.query('checkpoint');
    await superuser.end();
  }

  /** @returns {Promise<number>} rows in them */
  async count() {
    let count = 0;
    for (const name of this.#names) {
      const { rows } = await this.#owner.query(`select count(*)::int as rows from ${name}`);
      count += rows[0].rows;
    }
    return count;
  }
}

/** @returns {Promise<pg.Client>} as the owner of all tables, to be ended by the caller */
export async function connectOwner() {
  const owner = new pg.Client({ connectionString: required('DATABASE_DIRECT_URL') });
  await owner.connect();
  return owner;
}
