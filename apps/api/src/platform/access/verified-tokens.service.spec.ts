import { createPublicKey, generateKeyPairSync, type KeyObject } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import { accessTokenAudience, accessTokenIssuer, accessTokenType } from '@hms/auth';
import { SignJWT } from 'jose';
import type { TokenKeys } from './token-keys.service.js';
import { VerifiedTokens } from './verified-tokens.service.js';

const issuedAt = 1_800_000_000;
const at = (seconds: number): Date => new Date((issuedAt + seconds) * 1_000);
const { publicKey, privateKey } = generateKeyPairSync('ed25519');
const claims = { sid: '01900000-0000-7000-8000-000000000002', roles: ['nurse'] };
const token = await new SignJWT(claims)
  .setProtectedHeader({ alg: 'EdDSA', typ: accessTokenType, kid: 'k1' })
  .setIssuer(accessTokenIssuer)
  .setAudience(accessTokenAudience)
  .setSubject('01900000-0000-7000-8000-000000000001')
  .setIssuedAt(issuedAt)
  .setExpirationTime(issuedAt + 600)
  .sign(privateKey);

/** Verifies with keys the test may exchange. */
function verifier() {
  const file: { key: KeyObject | undefined } = { key: publicKey };
  const keys: Pick<TokenKeys, 'verificationKey'> = { verificationKey: () => file.key };
  return { file, tokens: new VerifiedTokens(keys as TokenKeys) };
}
const refused = { name: 'InvalidTokenError' };

describe('a token that was verified', () => {
  it('is not verified again', async () => {
    const { tokens } = verifier();
    expect(await tokens.claimsOf(token, at(2))).toBe(await tokens.claimsOf(token, at(1)));
  });

  it('is verified again once the key file was read again, with the same key or another', async () => {
    const { file, tokens } = verifier();
    const before = await tokens.claimsOf(token, at(1));
    file.key = createPublicKey(publicKey.export({ type: 'spki', format: 'pem' }));
    const after = await tokens.claimsOf(token, at(2));
    expect(after).toEqual(before);
    expect(after).not.toBe(before);
    file.key = generateKeyPairSync('ed25519').publicKey;
    await expect(tokens.claimsOf(token, at(3))).rejects.toMatchObject(refused);
  });

  it('counts no more when its key is retired', async () => {
    const { file, tokens } = verifier();
    await tokens.claimsOf(token, at(1));
    file.key = undefined;
    await expect(tokens.claimsOf(token, at(2))).rejects.toMatchObject(refused);
  });

  it('counts no more when it has expired', async () => {
    const { tokens } = verifier();
    await tokens.claimsOf(token, at(1));
    await expect(tokens.claimsOf(token, at(611))).rejects.toMatchObject(refused);
  });

  it('vouches for no other token', async () => {
    const { tokens } = verifier();
    await tokens.claimsOf(token, at(1));
    const forged = token.replace(/[^.]{8}$/, 'AAAAAAAA');
    await expect(tokens.claimsOf(forged, at(2))).rejects.toMatchObject(refused);
  });
});
