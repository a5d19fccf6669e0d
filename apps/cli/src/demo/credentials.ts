import { randomBytes } from 'node:crypto';
import { formatGatewayKey, newGatewayKey, parseGatewayKey, secretMatches } from '@hms/auth';
import { verify } from '@node-rs/argon2';
import { hashPassword } from '../hash-password.js';

export interface Credential {
  readonly password: string;
  /** Only when the stored hash does not fit the password. */
  readonly newHash?: string;
}

/** Keeps a password that the stored hash proves; otherwise hashes it, or a new one when there is none. */
export async function settlePassword(written: string | undefined, storedHash: string | undefined): Promise<Credential> {
  const password = written ?? randomBytes(12).toString('base64url');
  if (written !== undefined && storedHash !== undefined && (await verify(storedHash, written))) return { password };
  return { password, newHash: await hashPassword(password) };
}

export interface StoredGatewayKey {
  readonly keyId: string;
  readonly secretHash: Buffer;
}

/** The written key when it is one of the stored ones, else a new one that is not stored yet. */
export function settleGatewayKey(
  written: string | undefined,
  stored: readonly StoredGatewayKey[],
): { readonly text: string; readonly isNew: boolean } {
  const key = written === undefined ? undefined : parseGatewayKey(written);
  const row = stored.find(({ keyId }) => keyId === key?.keyId);
  if (written !== undefined && key && row && secretMatches(key.secret, row.secretHash)) {
    return { text: written, isNew: false };
  }
  return { text: formatGatewayKey(newGatewayKey()), isNew: true };
}
