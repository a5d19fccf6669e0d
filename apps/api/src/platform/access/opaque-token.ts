import { createHash, randomBytes } from 'node:crypto';

/** A credential of 256 random bits, known to its holder alone: the server keeps {@link hashOpaqueToken} of it. */
export const newOpaqueToken = (): string => randomBytes(32).toString('base64url');

export const hashOpaqueToken = (token: string): Uint8Array<ArrayBuffer> =>
  Uint8Array.from(createHash('sha256').update(token).digest());
