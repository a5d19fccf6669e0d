import { randomBytes } from 'node:crypto';
import { hashOpaqueToken } from '../../platform/access/opaque-token.js';

const count = 10;
/** Without l and o, which are read as 1 and 0. */
const alphabet = 'abcdefghijkmnpqrstuvwxyz23456789';
const form = /^(?:[a-km-np-z2-9]{4}-?){5}[a-km-np-z2-9]{4}$/;

const tidy = (code: string): string => code.trim().toLowerCase();

/** Ten codes of 24 characters, 120 random bits each, grouped for whoever writes them down. */
export const newRecoveryCodes = (): string[] => Array.from({ length: count }, newRecoveryCode);

/** Does the text look like a recovery code, with or without its hyphens? */
export const isRecoveryCode = (text: string): boolean => form.test(tidy(text));

/** What is stored: codes are random enough for a plain hash. */
export const hashRecoveryCode = (code: string): Uint8Array<ArrayBuffer> =>
  hashOpaqueToken(tidy(code).replaceAll('-', ''));

function newRecoveryCode(): string {
  const characters = [...randomBytes(24)].map((byte) => alphabet[byte % alphabet.length] ?? '');
  return (characters.join('').match(/.{4}/g) ?? []).join('-');
}
