import { join } from 'node:path';
import { writePrivate } from './files.mjs';
import { stateFile } from './state.mjs';

/** @import { Place } from '../servers/place.mjs' */
/** @import { ExternalServers, Settings } from './settings.mjs' */

/** @typedef {Record<string, string>} Environment */

/** @param {string} data */
export const demoFile = (data) => join(data, 'demo.json');

/** @param {string} data */
export const environmentFile = (data) => join(data, 'env');

/**
 * What services, tests, benches and a developer's shell get to reach the stack.
 * @param {Place} place
 * @param {Pick<Settings, 'external' | 'rateLimitFactor'>} settings
 * @returns {Environment}
 */
export function stackEnvironment(place, { external, rateLimitFactor }) {
  const { data, ports, secrets } = place;
  const publicUrl = `http://127.0.0.1:${ports.nginx}`;
  return {
    HMS_DATA: data,
    HMS_PORT: String(ports.nginx),
    HMS_BASE_URL: publicUrl,
    PUBLIC_URL: publicUrl,
    HMS_TLS_URL: `https://localhost:${ports.tls}`,
    ALLOWED_ORIGINS: ['localhost', '127.0.0.1'].map((host) => `https://${host}:${ports.tls}`).join(','),
    HMS_API_URL: `http://127.0.0.1:${ports.api[0]}`,
    HMS_INGEST_URL: `http://127.0.0.1:${ports.ingest[0]}`,
    HMS_STATE_FILE: stateFile(data),
    HMS_DEMO_FILE: demoFile(data),
    HMS_CONTROL: `http://127.0.0.1:${ports.control}/${secrets.control}`,
    SMTP_URL: `smtp://127.0.0.1:${ports.mail}`,
    MAIL_FROM: 'HMS <no-reply@hms.example>',
    HMS_MAILBOX_URL: `http://127.0.0.1:${ports.mailbox}`,
    AUTH_KEYS_FILE: place.authKeys,
    ENCRYPTION_KEYS_FILE: place.encryptionKeys,
    AUDIT_KEYS_FILE: place.auditKeys,
    AUDIT_CHECKPOINT_DIR: join(data, 'audit'),
    RATE_LIMIT_FACTOR: rateLimitFactor,
    RATE_LIMIT_INSTANCES: String(ports.api.length),
    ...databaseEnvironment(place, external),
    REDIS_URL: external.redisUrl ?? place.urls.redis,
  };
}

/**
 * @param {Place} place
 * @param {ExternalServers} external
 * @returns {Environment}
 */
function databaseEnvironment({ urls }, { database }) {
  if (database) {
    return {
      DATABASE_URL: database.url,
      DATABASE_REPLICA_URL: database.replicaUrl,
      DATABASE_DIRECT_URL: database.directUrl,
      INGEST_DATABASE_URL: database.ingestUrl,
    };
  }
  return {
    DATABASE_URL: urls.api,
    DATABASE_REPLICA_URL: urls.apiReplica,
    DATABASE_DIRECT_URL: urls.owner,
    DATABASE_REPLICA_DIRECT_URL: urls.ownerReplica,
    DATABASE_SUPERUSER_URL: urls.superuser,
    INGEST_DATABASE_URL: urls.ingest,
    INGEST_DATABASE_DIRECT_URL: urls.ingestDirect,
  };
}

/**
 * As a file that a shell loads with `. <file>`.
 * @param {Environment} environment
 * @returns {string}
 */
export function formatEnvironment(environment) {
  const quoted = (/** @type {string} */ value) => `'${value.replaceAll("'", "'\\''")}'`;
  return Object.entries(environment)
    .map(([name, value]) => `export ${name}=${quoted(value)}\n`)
    .join('');
}

/**
 * @param {string} text of `formatEnvironment`
 * @returns {Environment}
 */
export function parseEnvironment(text) {
  const entries = [...text.matchAll(/^export (\w+)='(.*)'$/gm)];
  return Object.fromEntries(entries.map(([, name = '', value = '']) => [name, value.replaceAll("'\\''", "'")]));
}

/**
 * @param {string} data
 * @param {Environment} environment
 */
export function writeEnvironment(data, environment) {
  writePrivate(environmentFile(data), formatEnvironment(environment));
}
