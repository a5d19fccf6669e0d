import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import { encryptionError } from '../encryption.errors.js';

/** 256 secret bits and the public name they go by. */
export interface NamedKey {
  readonly id: string;
  readonly secret: Buffer;
}

export const keyBytes = 32;
const algorithm = 'aes-256-gcm';
const ivBytes = 12;
const authTagLength = 16;

const form = /^v1\.([\w-]{1,64})\.([\w-]{16})\.([\w-]*)\.([\w-]{22})$/;

/**
 * Encrypts with AES-256-GCM under a random 96-bit IV: at most 2^31 times under one key.
 * @param bound where the value belongs; it opens nowhere else
 * @returns `v1.<key id>.<iv>.<ciphertext>.<tag>`, the last three in base64url
 */
export function seal(key: NamedKey, bound: readonly string[], plaintext: Uint8Array): string {
  const iv = randomBytes(ivBytes);
  const cipher = createCipheriv(algorithm, key.secret, iv, { authTagLength });
  cipher.setAAD(associatedData(key.id, bound));
  const ciphertext = Buffer.concat([cipher.update(plaintext), cipher.final()]);
  return ['v1', key.id, ...[iv, ciphertext, cipher.getAuthTag()].map(encode)].join('.');
}

/** @throws `encryption.unreadable` unless this is what was sealed there under that key */
export function open(key: NamedKey, bound: readonly string[], sealed: string): Buffer {
  const [keyId, iv, ciphertext, tag] = partsOf(sealed);
  if (keyId !== key.id) throw encryptionError('encryption.unreadable');
  try {
    const decipher = createDecipheriv(algorithm, key.secret, decode(iv), { authTagLength });
    decipher.setAAD(associatedData(key.id, bound));
    decipher.setAuthTag(decode(tag));
    return Buffer.concat([decipher.update(decode(ciphertext)), decipher.final()]);
  } catch (cause) {
    throw encryptionError('encryption.unreadable', { cause });
  }
}

/** The key a sealed text names, which nothing vouches for yet. @throws `encryption.unreadable` */
export const keyIdOf = (sealed: string): string => partsOf(sealed)[0];

function partsOf(sealed: string): [keyId: string, iv: string, ciphertext: string, tag: string] {
  const [, keyId, iv, ciphertext, tag] = form.exec(sealed) ?? [];
  if (keyId === undefined || iv === undefined || ciphertext === undefined || tag === undefined) {
    throw encryptionError('encryption.unreadable');
  }
  return [keyId, iv, ciphertext, tag];
}

/** As JSON, so that no two places spell the same. */
const associatedData = (keyId: string, bound: readonly string[]): Buffer =>
  Buffer.from(JSON.stringify(['v1', ...bound, keyId]));

const encode = (bytes: Buffer): string => bytes.toString('base64url');

/** Only the one spelling of the bytes: the last character may carry bits that decoding ignores. */
function decode(text: string): Buffer {
  const bytes = Buffer.from(text, 'base64url');
  if (encode(bytes) !== text) throw new Error('not canonical base64url');
  return bytes;
}
