import { chmodSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { privateFolder } from '../lib/account.mjs';
import { ensureAuditKeys, ensureAuthKeys, ensureEncryptionKeys, loadSecrets } from '../lib/secrets.mjs';
import { storeUrls } from '../lib/urls.mjs';

/** @import { Account } from '../lib/account.mjs' */
/** @import { Ports } from '../lib/ports.mjs' */
/** @import { Secrets } from '../lib/secrets.mjs' */
/** @import { StoreUrls } from '../lib/urls.mjs' */

/**
 * @typedef {object} Place where a stack lives, and who runs it
 * @property {string} data
 * @property {Account | null} account
 * @property {Secrets} secrets
 * @property {string} authKeys file
 * @property {string} encryptionKeys file
 * @property {string} auditKeys file
 * @property {Ports} ports
 * @property {StoreUrls} urls
 */

/**
 * Fills the data folder. Files of the servers lie in folders that only the account they run as can read; everything
 * else belongs to the launcher's user.
 * @param {string} data
 * @param {Account | null} account
 * @param {Ports} ports
 * @returns {Place}
 */
export function preparePlace(data, account, ports) {
  mkdirSync(join(data, 'log'), { recursive: true });
  chmodSync(join(data, 'log'), account ? 0o711 : 0o700);
  for (const name of ['pg', 'conf', 'redis', 'nginx', 'mosquitto']) privateFolder(join(data, name), account);
  const secrets = loadSecrets(data);
  return {
    data,
    account,
    secrets,
    authKeys: ensureAuthKeys(data),
    encryptionKeys: ensureEncryptionKeys(data),
    auditKeys: ensureAuditKeys(data),
    ports,
    urls: storeUrls(ports, secrets),
  };
}
