import { generateKeyPairSync, randomBytes, randomUUID } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Failure } from './failure.mjs';
import { writePrivate } from './files.mjs';

const NAMES = /** @type {const} */ ([
  'postgres',
  'hms_owner',
  'hms_api',
  'hms_ingest',
  'hms_pool',
  'hms_replica',
  'redis',
  'control',
]);

/** @typedef {Record<(typeof NAMES)[number], string>} Secrets a password for each role and server */

/**
 * Passwords made once for this data folder.
 * @param {string} data
 * @returns {Secrets}
 */
export function loadSecrets(data) {
  const file = join(data, 'secrets.json');
  if (!existsSync(file)) {
    if (existsSync(join(data, 'pg', 'primary'))) {
      throw new Failure(`${file} is gone, but the database made with it still exists.`, {
        advice: 'Put the file back, or delete the data with `npm run reset`.',
      });
    }
    const made = Object.fromEntries(NAMES.map((name) => [name, randomBytes(24).toString('base64url')]));
    writePrivate(file, `${JSON.stringify(made, null, 2)}\n`);
  }
  const found = JSON.parse(readFileSync(file, 'utf8'));
  const missing = NAMES.filter((name) => typeof found[name] !== 'string');
  if (missing.length > 0) {
    throw new Failure(`${file} has no ${missing.join(', ')}.`, { advice: 'Delete the data with `npm run reset`.' });
  }
  return found;
}

/**
 * The keys that sign access tokens, made once for this data folder.
 * @param {string} data
 * @returns {string} the file
 */
export function ensureAuthKeys(data) {
  const file = join(data, 'auth-keys.json');
  if (!existsSync(file)) {
    const jwk = generateKeyPairSync('ed25519').privateKey.export({ format: 'jwk' });
    const keys = {
      signingKeys: [{ ...jwk, alg: 'EdDSA', use: 'sig', kid: randomUUID() }],
      refreshSecret: randomBytes(32).toString('base64url'),
    };
    writePrivate(file, `${JSON.stringify(keys, null, 2)}\n`);
  }
  return file;
}

/**
 * The key-encryption keys of encrypted fields, made once for this data folder. Without them those fields are lost.
 * @param {string} data
 * @returns {string} the file
 */
export function ensureEncryptionKeys(data) {
  const file = join(data, 'encryption-keys.json');
  if (!existsSync(file)) {
    const key = randomBytes(32).toString('base64url');
    const keys = [{ id: `kek-${randomBytes(6).toString('hex')}`, key, createdAt: new Date().toISOString() }];
    writePrivate(file, `${JSON.stringify({ keys }, null, 2)}\n`);
  }
  return file;
}

/**
 * The keys that seal audit rows and sign the checkpoints of their chain, made once for this data folder.
 * @param {string} data
 * @returns {string} the file
 */
export function ensureAuditKeys(data) {
  const file = join(data, 'audit-keys.json');
  if (!existsSync(file)) {
    const jwk = generateKeyPairSync('ed25519').privateKey.export({ format: 'jwk' });
    const keys = {
      macKeys: [{ kid: randomUUID(), key: randomBytes(32).toString('base64url') }],
      signingKeys: [{ ...jwk, kid: randomUUID() }],
    };
    writePrivate(file, `${JSON.stringify(keys, null, 2)}\n`);
  }
  return file;
}

/**
 * Passwords of the two users of the MQTT broker, made once for this data folder.
 * @param {string} data
 * @returns {{ ingest: string, devices: string }}
 */
export function ensureMqttPasswords(data) {
  const file = join(data, 'mqtt-passwords.json');
  if (!existsSync(file)) {
    const [ingest, devices] = [0, 1].map(() => randomBytes(24).toString('base64url'));
    writePrivate(file, `${JSON.stringify({ ingest, devices }, null, 2)}\n`);
  }
  return JSON.parse(readFileSync(file, 'utf8'));
}
