import { randomUUID } from 'node:crypto';
import { measure } from './api-client.mjs';
import { httpLoad } from './http-load.mjs';

/** @import { Server } from './api-process.mjs' */
/** @import { Run } from './api-client.mjs' */
/** @import { Ask } from './http-load.mjs' */

const CONNECTIONS = 8;

/**
 * What a key costs: a change without one, a creation with one, and that creation again. All three are audited, the first
 * two in their transaction.
 * @param {Server} server
 * @param {{ token: string, patients: readonly string[], seconds: number }} options
 * @param {string[]} faults
 * @returns {Promise<Record<string, Run>>}
 */
export async function writeCosts(server, { token, patients, seconds }, faults) {
  let n = 0;
  const patient = () => `/api/v1/patients/${patients[n++ % patients.length]}`;
  const status = () => (Math.floor(n / patients.length) % 2 === 0 ? 'none-known' : 'not-asked');
  /** @type {Ask[]} */
  const created = [];
  /** @returns {Ask} */
  const create = () => {
    const ask = {
      method: 'POST',
      path: `${patient()}/allergies`,
      headers: { 'idempotency-key': randomUUID() },
      body: { substance: `Bench ${n}`, category: 'medication' },
    };
    created.push(ask);
    return ask;
  };
  const again = () => /** @type {Ask} */ (created[n++ % created.length]);
  const kinds = {
    'PUT allergy-status, no key': () => ({
      method: 'PUT',
      path: `${patient()}/allergy-status`,
      body: { status: status() },
    }),
    'POST allergy, new key': create,
    'POST allergy, repeated': again,
  };
  /** @type {Record<string, Run>} */
  const runs = {};
  for (const [name, next] of Object.entries(kinds)) {
    // Code that has not been compiled yet costs several times as much.
    await httpLoad({ token, next, connections: CONNECTIONS, seconds, url: server.url });
    runs[name] = await measure(server, { token, next, connections: CONNECTIONS, seconds }, faults);
  }
  return runs;
}
