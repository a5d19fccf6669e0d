/** @import { Ports } from './ports.mjs' */
/** @import { Secrets } from './secrets.mjs' */

/** @typedef {'postgres' | 'hms_owner' | 'hms_api' | 'hms_ingest' | 'hms_pool'} Login */

/**
 * @typedef {object} StoreUrls
 * @property {string} superuser direct; for cluster work and for tests that end backends
 * @property {string} owner direct
 * @property {string} ownerReplica direct, read-only
 * @property {string} api pooled
 * @property {string} apiReplica pooled, read-only
 * @property {string} ingest pooled
 * @property {string} ingestDirect
 * @property {string} redis
 */

/**
 * @param {Ports} ports
 * @param {Secrets} secrets
 * @returns {StoreUrls}
 */
export function storeUrls(ports, secrets) {
  const database = (/** @type {Login} */ login, /** @type {number} */ port, name = 'hms') =>
    `postgresql://${login}:${secrets[login]}@127.0.0.1:${port}/${name}`;
  return {
    superuser: database('postgres', ports.postgres),
    owner: database('hms_owner', ports.postgres),
    ownerReplica: database('hms_owner', ports.replica),
    api: database('hms_api', ports.pgbouncer),
    apiReplica: database('hms_api', ports.pgbouncer, 'hms_ro'),
    ingest: database('hms_ingest', ports.pgbouncer),
    ingestDirect: database('hms_ingest', ports.postgres),
    redis: `redis://:${secrets.redis}@127.0.0.1:${ports.redis}`,
  };
}
