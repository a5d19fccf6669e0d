import { createHash, randomBytes, randomInt, timingSafeEqual } from 'node:crypto';

/** A gateway's credential: `dk_<key id>_<secret>`. The id is public, the secret is 256 random bits. */
export interface GatewayKey {
  readonly keyId: string;
  readonly secret: string;
}

const form = /^dk_([a-z0-9]{12})_([A-Za-z0-9_-]{43})$/;
const alphabet = 'abcdefghijklmnopqrstuvwxyz0123456789';

/** Returns undefined for anything that is not of the form, without saying why. */
export function parseGatewayKey(text: string): GatewayKey | undefined {
  const match = form.exec(text);
  return match?.[1] && match[2] ? { keyId: match[1], secret: match[2] } : undefined;
}

export function newGatewayKey(): GatewayKey {
  const keyId = Array.from({ length: 12 }, () => alphabet[randomInt(alphabet.length)]).join('');
  return { keyId, secret: randomBytes(32).toString('base64url') };
}

export const formatGatewayKey = (key: GatewayKey): string => `dk_${key.keyId}_${key.secret}`;

/** SHA-256 is enough at rest: the secret is random, so there is nothing to guess. */
export const hashSecret = (secret: string): Buffer => createHash('sha256').update(secret).digest();

export const secretMatches = (secret: string, hash: Uint8Array): boolean => timingSafeEqual(hashSecret(secret), hash);
