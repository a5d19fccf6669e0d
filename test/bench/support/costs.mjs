import { randomUUID } from 'node:crypto';
import { measure } from './api-client.mjs';
import { httpLoad } from './http-load.mjs';

/** @import { OwnServer } from './own-server.mjs' */
/** @import { Run } from './api-client.mjs' */
/** @import { Ask } from './http-load.mjs' */

const CONNECTIONS = 8;

/**
 * What a line of declaration costs: the same read with and without `@Audited`, the same write without anything, audited,
 * and audited and idempotent, with a new key and with one that was answered before.
 * @param {OwnServer} server of `cost-api.mjs`
 * @param {{ token: string, seconds: number, progress: (what: string) => void }} options
 * @param {string[]} faults
 * @returns {Promise<Record<string, Run>>}
 */
export async function costs(server, { token, seconds, progress }, faults) {
  let n = 0;
  /** @type {string[]} */
  const keys = [];
  /** @type {(path: string, key?: string) => Ask} */
  const post = (path, key) => ({
    method: 'POST',
    path: `/api/v1/bench/${path}`,
    ...(key === undefined ? {} : { headers: { 'idempotency-key': key } }),
  });
  const newKey = () => {
    const key = randomUUID();
    keys.push(key);
    return key;
  };
  const usedKey = () => keys[n++ % keys.length];
  /** @type {Record<string, () => string | Ask>} */
  const kinds = {
    'a constant': () => '/api/v1/bench/read',
    'a constant, audited': () => '/api/v1/bench/read-audited',
    'insert of a row': () => post('write'),
    'insert, audited': () => post('write-audited'),
    'insert, audited, new key': () => post('write-once', newKey()),
    'insert, audited, known key': () => post('write-once', usedKey()),
  };
  /** @type {Record<string, Run>} */
  const runs = {};
  for (const [name, next] of Object.entries(kinds)) {
    progress(name);
    const load = { token, next, connections: CONNECTIONS };
    // Code that has not been compiled yet costs several times as much.
    await httpLoad({ ...load, url: server.url, seconds });
    runs[name] = await measure(server, { ...load, seconds }, faults);
  }
  return runs;
}
