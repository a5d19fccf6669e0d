import { furnish, untilKnown } from './furnish.mjs';
import { demoHospitals } from './stack.mjs';

/** @import pg from 'pg' */
/** @import { Monitor } from './furnish.mjs' */

/**
 * @typedef {object} Fleet
 * @property {string} schema
 * @property {string} gatewayKey
 * @property {string[]} wards their ids
 * @property {Monitor[]} devices
 */

/**
 * Adds a large ward block to the first demo hospital: patients in wards of twenty, each at a monitor. Resolves once
 * ingest knows them.
 * @param {pg.Client} owner
 * @param {number} [count] of patients
 * @returns {Promise<Fleet>}
 */
export async function createFleet(owner, count = 2_000) {
  const [{ slug, gatewayKey, devices }] = demoHospitals();
  const schema = `hospital_${slug}`;
  const gateway = await owner.query(`select gateway_id as id from ${schema}.device where external_id = $1`, [
    devices[0]?.id,
  ]);
  const fleet = {
    schema,
    gatewayKey,
    ...(await furnish(owner, { schema, gatewayId: gateway.rows[0].id, count })),
  };
  await untilKnown(fleet);
  return fleet;
}
