import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Failure } from './failure.mjs';
import { planPorts } from './ports.mjs';

/** @import { Ports } from './ports.mjs' */

export const ROOT = resolve(dirname(fileURLToPath(import.meta.url)), '../../..');
export const CLI_SCRIPT = join(ROOT, 'apps/cli/dist/main.js');
const MAX_PROCESSES = 8;
/** For tests and benches, which all come from one address: a quota that nobody reaches. */
export const UNLIMITED_FACTOR = '1000';

/**
 * @typedef {object} ExternalServers servers that exist already, by their URLs; absent means: start one
 * @property {ExternalDatabase} [database]
 * @property {string} [redisUrl]
 */

/**
 * @typedef {object} ExternalDatabase
 * @property {string} url of role hms_api
 * @property {string} directUrl of the owner, without a pooler between
 * @property {string} ingestUrl of role hms_ingest
 * @property {string} replicaUrl read-only
 */

/**
 * @typedef {object} Settings
 * @property {string} data the folder with everything this stack keeps
 * @property {string} downloads where servers are unpacked, shared by all stacks of this checkout
 * @property {Ports} ports
 * @property {string} portVariable named when a port is taken
 * @property {boolean} demo seed demo data and run the simulator
 * @property {string} rateLimitFactor how many times the quotas of the API this stack allows
 * @property {ExternalServers} external
 */

/**
 * @param {NodeJS.ProcessEnv} env
 * @param {{ dataVariable?: string, data?: string, portVariable?: string, port?: number }} [defaults]
 * @returns {Settings}
 */
export function readSettings(env, defaults = {}) {
  const { dataVariable = 'HMS_DATA', data = '.data', portVariable = 'HMS_PORT', port = 8080 } = defaults;
  const ports = planPorts(Number(env[portVariable] || port), {
    api: readCount(env, 'HMS_API_COUNT'),
    worker: readCount(env, 'HMS_WORKER_COUNT', 1),
    ingest: readCount(env, 'HMS_INGEST_COUNT'),
  });
  return {
    data: resolve(ROOT, env[dataVariable] || data),
    downloads: env['HMS_SERVERS'] ? resolve(ROOT, env['HMS_SERVERS']) : join(ROOT, '.data', 'servers'),
    ports,
    portVariable,
    demo: env['HMS_DEMO'] !== '0',
    rateLimitFactor: env['HMS_RATE_LIMIT_FACTOR'] || '1',
    external: {},
  };
}

/**
 * The servers named by URLs in the environment. URLs of this very stack are skipped: a shell that has loaded
 * `<data>/env` may start it again.
 * @param {NodeJS.ProcessEnv} env
 * @param {Ports} ports
 * @returns {ExternalServers}
 */
export function readExternal(env, ports) {
  const own = new Set(Object.values(ports).flat().map(String));
  const foreign = (/** @type {string} */ name) => {
    const value = env[name];
    if (!value) return undefined;
    if (!URL.canParse(value)) throw new Failure(`${name} is not a URL.`, { advice: `Correct or unset ${name}.` });
    const url = new URL(value);
    return url.hostname === '127.0.0.1' && own.has(url.port) ? undefined : value;
  };
  const names = /** @type {const} */ (['DATABASE_URL', 'DATABASE_DIRECT_URL', 'INGEST_DATABASE_URL']);
  const [url, directUrl, ingestUrl] = names.map(foreign);
  const redisUrl = foreign('REDIS_URL');
  const redis = redisUrl === undefined ? {} : { redisUrl };
  if (url === undefined && directUrl === undefined && ingestUrl === undefined) return redis;
  if (url === undefined || directUrl === undefined || ingestUrl === undefined) {
    throw new Failure(`To use a database that exists, set all of ${names.join(', ')}.`, {
      advice: 'The first is role hms_api, the second the owner of the database, the third role hms_ingest.',
    });
  }
  return { ...redis, database: { url, directUrl, ingestUrl, replicaUrl: foreign('DATABASE_REPLICA_URL') ?? url } };
}

/**
 * @param {NodeJS.ProcessEnv} env
 * @param {string} name
 * @param {number} [least]
 * @returns {number}
 */
function readCount(env, name, least = 1) {
  const count = Number(env[name] || 1);
  if (Number.isInteger(count) && count >= least && count <= MAX_PROCESSES) return count;
  throw new Failure(`${name} must be a whole number from ${least} to ${MAX_PROCESSES}.`, {
    advice: `Correct or unset ${name}.`,
  });
}
