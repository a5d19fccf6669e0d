import { beforeAll, describe, expect, it } from '@jest/globals';
import { createHmac } from 'node:crypto';
import {
  createLocalJWKSet,
  exportJWK,
  exportSPKI,
  generateKeyPair,
  SignJWT,
  type CryptoKey,
  type JWTPayload,
  type JWTVerifyGetKey,
} from 'jose';
import { accessTokenAudience, accessTokenIssuer, accessTokenType, verifyAccessToken } from './access-token.js';

const user = '01900000-0000-7000-8000-000000000001';
const session = '01900000-0000-7000-8000-000000000002';
const hospital = '01900000-0000-7000-8000-000000000003';
const issuedAt = 1_800_000_000;
const at = (seconds: number): Date => new Date((issuedAt + seconds) * 1_000);

let privateKey: CryptoKey;
let keys: JWTVerifyGetKey;
let publicPem: string;
let foreignKey: CryptoKey;

beforeAll(async () => {
  const pair = await generateKeyPair('EdDSA', { extractable: true });
  privateKey = pair.privateKey;
  publicPem = await exportSPKI(pair.publicKey);
  foreignKey = (await generateKeyPair('EdDSA')).privateKey;
  keys = createLocalJWKSet({ keys: [{ ...(await exportJWK(pair.publicKey)), kid: 'k1', alg: 'EdDSA', use: 'sig' }] });
});

const claims = {
  iss: accessTokenIssuer,
  aud: accessTokenAudience,
  sub: user,
  sid: session,
  hid: hospital,
  roles: ['doctor'],
  iat: issuedAt,
  exp: issuedAt + 900,
};
const header = { alg: 'EdDSA', typ: accessTokenType, kid: 'k1' };

const sign = (change: Record<string, unknown> = {}, changeHeader: object = {}, key = privateKey): Promise<string> => {
  const payload = JSON.parse(JSON.stringify({ ...claims, ...change })) as JWTPayload;
  return new SignJWT(payload).setProtectedHeader({ ...header, ...changeHeader }).sign(key);
};
const verify = (token: string, seconds = 60) => verifyAccessToken(token, keys, at(seconds));
const encode = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url');

describe('an access token', () => {
  it('tells who, in which session, where and as what', async () => {
    await expect(verify(await sign())).resolves.toEqual({
      userId: user,
      sessionId: session,
      hospitalId: hospital,
      roles: ['doctor'],
      expiresAt: issuedAt + 900,
    });
  });

  it('may lack a hospital', async () => {
    expect(await verify(await sign({ hid: undefined, roles: ['super_admin'] }))).not.toHaveProperty('hospitalId');
  });

  it('counts until 10 seconds after its expiry', async () => {
    const token = await sign();
    await expect(verify(token, 909)).resolves.toBeDefined();
    await expect(verify(token, 911)).rejects.toThrow('not verified');
  });

  it.each([
    ['another issuer', { iss: 'urn:other' }],
    ['another audience', { aud: 'urn:other' }],
    ['several audiences', { aud: [accessTokenAudience, 'urn:other'] }],
    ['no subject', { sub: undefined }],
    ['a subject that is no id', { sub: 'admin' }],
    ['no session', { sid: undefined }],
    ['no expiry', { exp: undefined }],
    ['an expiry that is no number', { exp: '9999999999' }],
    ['a start in the future', { nbf: issuedAt + 120 }],
    ['no roles', { roles: undefined }],
    ['an unknown role', { roles: ['root'] }],
    ['roles that are no list', { roles: 'doctor' }],
    ['a hospital that is no id', { hid: '../x' }],
  ])('is refused with %s', async (_, change) => {
    await expect(verify(await sign(change))).rejects.toMatchObject({ name: 'InvalidTokenError' });
  });

  it.each([
    ['of another type', { typ: 'JWT' }],
    ['without a type', { typ: undefined }],
    ['with an unknown kid', { kid: 'k2' }],
    ['with a kid that is a path', { kid: '../../k1' }],
  ])('is refused when it is %s', async (_, change) => {
    const token = await sign({}, change);
    await expect(verify(token)).rejects.toMatchObject({ name: 'InvalidTokenError' });
  });

  it('is refused when it names a critical extension', async () => {
    const input = `${encode({ ...header, crit: ['x-unknown'], 'x-unknown': 1 })}.${encode(claims)}`;
    const signature = await crypto.subtle.sign('Ed25519', privateKey, new TextEncoder().encode(input));
    await expect(verify(`${input}.${Buffer.from(signature).toString('base64url')}`)).rejects.toMatchObject({
      name: 'InvalidTokenError',
    });
  });

  it('is refused when another key signed it', async () => {
    await expect(verify(await sign({}, {}, foreignKey))).rejects.toMatchObject({ name: 'InvalidTokenError' });
  });

  it.each(['none', 'None', 'NONE', ''])('is refused unsigned with alg "%s"', async (alg) => {
    await expect(verify(`${encode({ ...header, alg })}.${encode(claims)}.`)).rejects.toMatchObject({
      name: 'InvalidTokenError',
    });
  });

  it('is refused when the public key was used as an HMAC secret', async () => {
    for (const secret of [publicPem, publicPem.trim(), ` ${publicPem}`]) {
      const input = `${encode({ ...header, alg: 'HS256' })}.${encode(claims)}`;
      const signature = createHmac('sha256', secret).update(input).digest('base64url');
      await expect(verify(`${input}.${signature}`)).rejects.toMatchObject({ name: 'InvalidTokenError' });
    }
  });

  it.each(['', '.', '..', 'a.b.c', 'x'.repeat(5_000), 'eyJhbGciOiJFZERTQSJ9.e30.AA'])(
    'is refused when it is only "%s"',
    async (text) => {
      await expect(verify(text)).rejects.toMatchObject({ name: 'InvalidTokenError' });
    },
  );

  it('is refused after any change of one character', async () => {
    const token = await sign();
    for (let i = 0; i < token.length - 1; i += 7) {
      const changed = token.slice(0, i) + (token[i] === 'A' ? 'B' : 'A') + token.slice(i + 1);
      await expect(verify(changed)).rejects.toMatchObject({ name: 'InvalidTokenError' });
    }
  });
});
