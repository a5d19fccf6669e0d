import { createHmac, generateKeyPairSync, sign, type KeyObject } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import { errors, type JWTVerifyGetKey } from 'jose';
import { verifyFirebaseToken } from './firebase-token.js';

const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2_048 });
const stranger = generateKeyPairSync('rsa', { modulusLength: 2_048 }).privateKey;
const pem = publicKey.export({ type: 'spki', format: 'pem' }).toString();
const projectId = 'hms-test';
const issuedAt = 1_800_000_000;
const header = { alg: 'RS256', typ: 'JWT', kid: 'g1' };
const claims = {
  iss: `https://securetoken.google.com/${projectId}`,
  aud: projectId,
  sub: 'fb-1',
  auth_time: issuedAt - 10,
  iat: issuedAt,
  exp: issuedAt + 3_600,
  email: 'ada@patients.example',
  email_verified: true,
  name: 'Ada Lovelace',
};

const lookUp: JWTVerifyGetKey = ({ kid }) => {
  if (kid !== 'g1') throw new errors.JWKSNoMatchingKey();
  return publicKey;
};
const verify = (token: string, seconds = 60) =>
  verifyFirebaseToken(token, { projectId, key: lookUp, now: new Date((issuedAt + seconds) * 1_000) });
const base64 = (value: string | Buffer): string => Buffer.from(value).toString('base64url');
const inputOf = (head: object, body: object): string =>
  `${base64(JSON.stringify(head))}.${base64(JSON.stringify(body))}`;
const signed = (head: object, body: object, key: KeyObject = privateKey): string => {
  const input = inputOf(head, body);
  return `${input}.${base64(sign('sha256', Buffer.from(input), key))}`;
};
const changed = (change: object): string => signed(header, { ...claims, ...change });
const hmac = (secret: string): string => {
  const input = inputOf({ ...header, alg: 'HS256' }, claims);
  return `${input}.${base64(createHmac('sha256', secret).update(input).digest())}`;
};
const serviceAccount = 'firebase-adminsdk@hms-test.iam.gserviceaccount.com';
const customToken = {
  iss: serviceAccount,
  sub: serviceAccount,
  aud: 'https://identitytoolkit.googleapis.com/google.identity.identitytoolkit.v1.IdentityToolkit',
  uid: 'fb-1',
  iat: issuedAt,
  exp: issuedAt + 3_600,
};

describe('an ID token', () => {
  it('tells who it is about', async () => {
    expect(await verify(signed(header, claims))).toEqual({
      issuer: claims.iss,
      subject: 'fb-1',
      verifiedEmail: 'ada@patients.example',
      name: 'Ada Lovelace',
    });
  });

  it.each([false, 'true', 1, null, undefined])('vouches for no e-mail when email_verified is %p', async (verified) => {
    expect(await verify(changed({ email_verified: verified }))).not.toHaveProperty('verifiedEmail');
  });

  it.each([
    ['signed by the emulator, that is not at all', `${inputOf({ alg: 'none', typ: 'JWT' }, claims)}.`],
    ['unsigned with a kid', `${inputOf({ ...header, alg: 'none' }, claims)}.`],
    ['unsigned with alg None', `${inputOf({ ...header, alg: 'None' }, claims)}.`],
    ['without a signature', `${inputOf(header, claims)}.`],
    ['signed with a stranger’s key', signed(header, claims, stranger)],
    ['an HMAC under the public key', hmac(pem)],
    ['an HMAC under the trimmed public key', hmac(pem.trim())],
    ['a custom token', signed(header, customToken)],
    ['a custom token for our audience', signed(header, { ...customToken, aud: projectId })],
    ['a Google sign-in token', changed({ iss: 'https://accounts.google.com', aud: 'x.apps.googleusercontent.com' })],
    ['a session cookie of Firebase', changed({ iss: `https://session.firebase.google.com/${projectId}` })],
    ['of another project', changed({ iss: 'https://securetoken.google.com/other', aud: 'other' })],
    ['of another project for our audience', changed({ iss: 'https://securetoken.google.com/other' })],
    ['of our issuer for another audience', changed({ aud: 'other' })],
    ['for several audiences', changed({ aud: [projectId, 'other'] })],
    ['for a list of our audience', changed({ aud: [projectId] })],
    ['without an audience', changed({ aud: undefined })],
    ['without an issuer', changed({ iss: undefined })],
    ['of the issuer with a slash', changed({ iss: `${claims.iss}/` })],
    ['of the issuer over http', changed({ iss: claims.iss.replace('https', 'http') })],
    ['without a subject', changed({ sub: undefined })],
    ['with an empty subject', changed({ sub: '' })],
    ['with a subject of 129 characters', changed({ sub: 'x'.repeat(129) })],
    ['with a subject that is no text', changed({ sub: 1 })],
    ['without a time of sign-in', changed({ auth_time: undefined })],
    ['with a time of sign-in to come', changed({ auth_time: issuedAt + 120 })],
    ['with a time of sign-in that is no number', changed({ auth_time: '1800000000' })],
    ['with a time of sign-in of zero', changed({ auth_time: 0 })],
    ['without a time of issue', changed({ iat: undefined })],
    ['issued in the future', changed({ iat: issuedAt + 120 })],
    ['issued at no number', changed({ iat: 'now' })],
    ['without an end', changed({ exp: undefined })],
    ['with an end that is no number', changed({ exp: '9999999999' })],
    ['that does not count yet', changed({ nbf: issuedAt + 120 })],
    ['with an unknown kid', signed({ ...header, kid: 'g2' }, claims)],
    ['with a kid that is a URL', signed({ ...header, kid: 'https://evil.example/jwks' }, claims)],
    ['without a kid', signed({ ...header, kid: undefined }, claims)],
    ['signed as RS384', signed({ ...header, alg: 'RS384' }, claims)],
    ['signed as PS256', signed({ ...header, alg: 'PS256' }, claims)],
    ['signed as EdDSA', signed({ ...header, alg: 'EdDSA' }, claims)],
    ['with a critical header', signed({ ...header, crit: ['b64'], b64: true }, claims)],
    ['of more than 4 KB', changed({ pad: 'x'.repeat(4_096) })],
    ['an access token of ours', 'eyJhbGciOiJFZERTQSIsInR5cCI6ImF0K2p3dCIsImtpZCI6ImcxIn0.e30.AAAA'],
    ['no token', 'x'],
    ['nothing', ''],
  ])('is refused when it is %s', async (_, token) => {
    await expect(verify(token)).rejects.toMatchObject({ name: 'InvalidIdTokenError' });
  });

  it('counts until 10 seconds after its end', async () => {
    await expect(verify(signed(header, claims), 3_609)).resolves.toBeDefined();
    await expect(verify(signed(header, claims), 3_611)).rejects.toMatchObject({ name: 'InvalidIdTokenError' });
  });
});
