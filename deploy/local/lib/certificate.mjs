import { X509Certificate } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { generate } from 'selfsigned';
import { writePrivate } from './files.mjs';

/** @import { Account } from './account.mjs' */

const DAY_MS = 86_400_000;
/** The longest that browsers accept. */
const VALID_DAYS = 825;
const RENEW_DAYS = 30;

/**
 * @typedef {object} Certificate
 * @property {string} certificate file
 * @property {string} key file
 */

/**
 * A self-signed certificate for this machine, made once for this folder and again when it has less than 30 days left.
 * @param {string} folder
 * @param {Account | null} account who reads it
 * @param {Date} [now]
 * @returns {Promise<Certificate>}
 */
export async function ensureCertificate(folder, account, now = new Date()) {
  const files = { certificate: join(folder, 'certificate.pem'), key: join(folder, 'key.pem') };
  if (daysLeft(files, now) >= RENEW_DAYS) return files;
  const made = await generate([{ name: 'commonName', value: 'HMS on this machine' }], {
    keyType: 'ec',
    curve: 'P-256',
    algorithm: 'sha256',
    notBeforeDate: now,
    notAfterDate: new Date(now.getTime() + VALID_DAYS * DAY_MS),
    extensions: [
      { name: 'basicConstraints', cA: false, critical: true },
      { name: 'keyUsage', digitalSignature: true, critical: true },
      { name: 'extKeyUsage', serverAuth: true },
      {
        name: 'subjectAltName',
        altNames: [
          { type: 2, value: 'localhost' },
          { type: 7, ip: '127.0.0.1' },
        ],
      },
    ],
  });
  writePrivate(files.key, made.private, account);
  writePrivate(files.certificate, made.cert, account);
  return files;
}

/**
 * @param {Certificate} files
 * @param {Date} now
 */
function daysLeft({ certificate, key }, now) {
  if (!existsSync(certificate) || !existsSync(key)) return 0;
  const { validTo } = new X509Certificate(readFileSync(certificate));
  return (Date.parse(validTo) - now.getTime()) / DAY_MS;
}
