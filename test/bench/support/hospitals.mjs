import { createHash, randomBytes, randomUUID } from 'node:crypto';
import { provisionHospital } from '../../../libs/database/dist/index.js';
import { furnish } from './furnish.mjs';
import { connectOwner } from './vitals-table.mjs';

/** @import pg from 'pg' */
/** @import { Fleet } from './fleet.mjs' */

/** PostgreSQL makes schemas on as many cores as it is asked by connections. */
const AT_ONCE = 2;
const DETAILS = { country: 'KE', currency: 'KES', timezone: 'Africa/Nairobi' };

/**
 * Opens hospitals with what an operator's command calls, without a process for each; each with one gateway and its monitors.
 * @param {{ count: number, devicesEach: number, progress: (done: number) => void }} wanted
 * @returns {Promise<Fleet[]>}
 */
export async function openHospitals({ count, devicesEach, progress }) {
  const prefix = `bench_${randomUUID().slice(0, 8)}`;
  const left = Array.from({ length: count }, (_, i) => `${prefix}_${i}`).reverse();
  /** @type {Fleet[]} */
  const opened = [];
  const openSome = async () => {
    for (let slug = left.pop(); slug !== undefined; slug = left.pop()) {
      // A connection each: one remembers every table it has met, and looks through all of them whenever many are made.
      const owner = await connectOwner();
      opened.push(await open(owner, slug, devicesEach));
      await owner.end();
      progress(opened.length);
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, openSome));
  return opened;
}

/**
 * @param {pg.Client} owner
 * @param {string} slug
 * @param {number} count of its monitors
 * @returns {Promise<Fleet>}
 */
async function open(owner, slug, count) {
  await provisionHospital(owner, { ...DETAILS, id: randomUUID(), slug, name: `Bench ${slug}` });
  const { gatewayId, gatewayKey } = await addGateway(owner, slug);
  const schema = `hospital_${slug}`;
  return { schema, gatewayKey, ...(await furnish(owner, { schema, gatewayId, count })) };
}

/**
 * @param {pg.Client} owner
 * @param {string} slug
 */
async function addGateway(owner, slug) {
  const secret = randomBytes(32).toString('base64url');
  const keyId = randomBytes(6).toString('hex');
  const { rows } = await owner.query(
    `with added as (
       insert into public.gateway (id, hospital_id, name)
       select gen_random_uuid(), id, 'Bench' from public.hospital where slug = $1 returning id, hospital_id)
     insert into public.gateway_key (key_id, hospital_id, gateway_id, secret_hash)
     select $2, hospital_id, id, $3 from added returning gateway_id as id`,
    [slug, keyId, createHash('sha256').update(secret).digest()],
  );
  return { gatewayId: rows[0].id, gatewayKey: `dk_${keyId}_${secret}` };
}
