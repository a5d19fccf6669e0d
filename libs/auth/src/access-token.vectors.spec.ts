import { createHmac, createPublicKey, generateKeyPairSync, sign, type KeyObject } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import { errors, type JWTVerifyGetKey } from 'jose';
import { accessTokenAudience, accessTokenIssuer, accessTokenType, verifyAccessToken } from './access-token.js';

/*
 * Tokens nobody may accept, most of them signed with the right key: what is refused is then the claim or header alone.
 */

const { privateKey, publicKey } = generateKeyPairSync('ed25519');
const stranger = generateKeyPairSync('ed25519').privateKey;
const rsa = generateKeyPairSync('rsa', { modulusLength: 2_048 }).privateKey;
const ec = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey;
const pem = publicKey.export({ type: 'spki', format: 'pem' }).toString();
const jwk = createPublicKey(stranger).export({ format: 'jwk' });

const issuedAt = 1_800_000_000;
const id = (n: number): string => `01900000-0000-7000-8000-00000000000${String(n)}`;
const claims = {
  iss: accessTokenIssuer,
  aud: accessTokenAudience,
  sub: id(1),
  sid: id(2),
  hid: id(3),
  roles: ['doctor'],
  iat: issuedAt,
  exp: issuedAt + 600,
};
const header = { alg: 'EdDSA', typ: accessTokenType, kid: 'k1' };

const base64 = (value: string | Buffer): string => Buffer.from(value).toString('base64url');
const json = (value: unknown): string => (typeof value === 'string' ? value : JSON.stringify(value));
const inputOf = (head: unknown, body: unknown): string => `${base64(json(head))}.${base64(json(body))}`;
const withEdDsa = (head: unknown, body: unknown, key: KeyObject = privateKey): string => {
  const input = inputOf(head, body);
  return `${input}.${base64(sign(null, Buffer.from(input), key))}`;
};
const withHmac = (alg: string, secret: string | Buffer): string => {
  const input = inputOf({ ...header, alg }, claims);
  return `${input}.${base64(
    createHmac(`sha${alg.slice(2)}`, secret)
      .update(input)
      .digest(),
  )}`;
};
const withSignature = (signature: Buffer | string, head: unknown = header): string =>
  `${inputOf(head, claims)}.${base64(signature)}`;
const claim = (name: string, value: unknown): [string, string] => [
  `${name} = ${json(value) || 'absent'}`,
  withEdDsa(header, { ...claims, [name]: value }),
];
const inHeader = (name: string, value: unknown): [string, string] => [
  `header ${name} = ${json(value)}`.slice(0, 80),
  withEdDsa({ ...header, [name]: value }, claims),
];
const each = <T>(values: readonly T[], vector: (value: T) => [string, string]): [string, string][] =>
  values.map(vector);

const strange = [null, '', 0, 1, true, [], {}, 'x', -1, 1.5, [''], ['x'], '\0', '__proto__', 'null'];
const unsigned = ['none', 'None', 'NONE', 'nOnE', 'none ', ' none', '', 'null', 'undefined'];
const hmacs = ['HS256', 'HS384', 'HS512'];
const secrets = [
  pem,
  pem.trim(),
  ` ${pem}`,
  `\n${pem}`,
  pem.replaceAll('\n', '\r\n'),
  pem.replaceAll('\n', ''),
  publicKey.export({ type: 'spki', format: 'der' }),
  Buffer.from(publicKey.export({ format: 'jwk' }).x ?? '', 'base64url'),
  JSON.stringify(publicKey.export({ format: 'jwk' })),
  '',
];
const algorithms = [
  'RS256',
  'RS384',
  'RS512',
  'PS256',
  'ES256',
  'ES384',
  'ES512',
  'ES256K',
  'Ed448',
  'eddsa',
  'EDDSA',
  'Ed25519',
];
const kids = [
  'k2',
  'K1',
  'k1 ',
  ' k1',
  'k1\0',
  '../k1',
  '../../../../dev/null',
  '/etc/passwd',
  'file:///etc/passwd',
  'https://evil.example/k1',
  "k1' or '1'='1",
  'k1; drop table app_user',
  '$(id)',
  '__proto__',
  'constructor',
  'toString',
  'x'.repeat(64 * 1_024),
  'x'.repeat(65),
  '',
  '*',
];
const embedded: Record<string, unknown> = {
  jwk,
  jku: 'https://evil.example/jwks.json',
  x5u: 'https://evil.example/cert.pem',
  x5c: ['MIIB'],
  x5t: 'AAAA',
};

const refused: Record<string, [string, string][]> = {
  'an unsigned token': each(unsigned, (alg) => [alg, `${inputOf({ ...header, alg }, claims)}.`]),
  'an unsigned token with a signature': each(unsigned, (alg) => [alg, withEdDsa({ ...header, alg }, claims)]),
  'the public key as a secret': hmacs.flatMap((alg) =>
    secrets.map((secret, i): [string, string] => [`${alg} #${String(i)}`, withHmac(alg, secret)]),
  ),
  'another algorithm': each(algorithms, (alg) => [alg, withEdDsa({ ...header, alg }, claims)]),
  'another kind of key': [
    [
      'RS256',
      withSignature(sign('sha256', Buffer.from(inputOf({ ...header, alg: 'RS256' }, claims)), rsa), {
        ...header,
        alg: 'RS256',
      }),
    ],
    ['RSA as EdDSA', withSignature(sign('sha256', Buffer.from(inputOf(header, claims)), rsa))],
    ['EC as EdDSA', withSignature(sign('sha256', Buffer.from(inputOf(header, claims)), ec))],
    ['a stranger’s key', withEdDsa(header, claims, stranger)],
  ],
  'a signature that is none': [
    ['nothing', withSignature('')],
    ['zeroes', withSignature(Buffer.alloc(64))],
    ['ones', withSignature(Buffer.alloc(64, 255))],
    ['too short', withSignature(sign(null, Buffer.from(inputOf(header, claims)), privateKey).subarray(0, 63))],
    [
      'too long',
      withSignature(Buffer.concat([sign(null, Buffer.from(inputOf(header, claims)), privateKey), Buffer.alloc(1)])),
    ],
    ['of other claims', withSignature(sign(null, Buffer.from(inputOf(header, { ...claims, sub: id(9) })), privateKey))],
  ],
  'a kid that is not ours': each(kids, (kid) => inHeader('kid', kid)),
  'a kid that is no text': each([null, 1, [], {}, ['k1'], true], (kid) => inHeader('kid', kid)),
  // With a stranger's key, as whoever embeds one would; with ours the header is ignored, which the controls show.
  'a key it brings itself': each(Object.entries(embedded), ([name, value]) => [
    name,
    withEdDsa({ ...header, [name]: value }, claims, stranger),
  ]),
  'a key it brings itself, under no known kid': each(Object.entries(embedded), ([name, value]) => [
    name,
    withEdDsa({ ...header, kid: 'evil', [name]: value }, claims, stranger),
  ]),
  'a critical header': each([['b64'], ['exp'], ['x'], [], 'exp', ['alg'], [''], null], (crit) => [
    json(crit),
    withEdDsa({ ...header, crit, x: 1, b64: true }, claims),
  ]),
  'a payload that is not encoded': [['b64', withEdDsa({ ...header, b64: false, crit: ['b64'] }, claims)]],
  'another type': each(
    ['JWT', 'jwt', 'rt+jwt', 'id+jwt', 'at', '', 'application/jwt', 'at+jwt2', ' at+jwt', 1, null, []],
    (typ) => inHeader('typ', typ),
  ),
  'another issuer': each(
    ['urn:hms:auth2', 'URN:HMS:AUTH', 'urn:hms:auth ', 'https://securetoken.google.com/x', ...strange],
    (iss) => claim('iss', iss),
  ),
  'another audience': each(
    [
      'urn:hms:services2',
      'URN:HMS:SERVICES',
      [accessTokenAudience],
      [accessTokenAudience, 'x'],
      ['x', accessTokenAudience],
      ...strange,
    ],
    (aud) => claim('aud', aud),
  ),
  'another subject': each(
    [...strange, undefined, id(1).toUpperCase().replace('0', 'G'), `${id(1)} `, `${id(1)}\n`],
    (sub) => claim('sub', sub),
  ),
  'no session': each([...strange, undefined, `${id(2)}x`], (sid) => claim('sid', sid)),
  'a hospital that is none': each([...strange, `${id(3)}'`, '../x'], (hid) => claim('hid', hid)),
  'roles that are none': each(
    [null, '', 'doctor', { 0: 'doctor' }, ['root'], ['doctor', 'root'], [null], [['doctor']], ['__proto__'], undefined],
    (roles) => claim('roles', roles),
  ),
  'no expiry': each([undefined, null, '', '9999999999', {}, [], true, [9_999_999_999], -1, 0], (exp) =>
    claim('exp', exp),
  ),
  'a time of issue that is none': each([undefined, null, '', '1800000000', {}, [], true], (iat) => claim('iat', iat)),
  'a start to come': each([issuedAt + 71, issuedAt + 3_600, '0', null, {}], (nbf) => claim('nbf', nbf)),
  'a claim twice': [
    // The last one counts, so the forged one stands last.
    ['sub', withEdDsa(header, `{${json(claims).slice(1, -1)},"sub":"root"}`)],
    ['aud', withEdDsa(header, `{${json(claims).slice(1, -1)},"aud":"x"}`)],
    ['exp', withEdDsa(header, `{${json(claims).slice(1, -1)},"exp":1}`)],
    ['alg', withEdDsa(`{${json(header).slice(1, -1)},"alg":"none"}`, claims)],
  ],
  'more than 2 KB': each([2_049, 4_096, 65_536], (length) => [
    String(length),
    withEdDsa(header, { ...claims, pad: 'x'.repeat(length) }),
  ]),
  'a text that is no token': each(
    [
      '',
      '.',
      '..',
      '...',
      'a',
      'a.b',
      'a.b.c',
      'a.b.c.d',
      `${withEdDsa(header, claims)}.`,
      `.${withEdDsa(header, claims)}`,
      '💥.💥.💥',
      `${inputOf('[]', claims)}.AA`,
      `${inputOf(header, '[]')}.AA`,
    ],
    (text) => [text.slice(0, 20), text],
  ),
  'a payload that is no object': each(['[]', 'null', '1', '"x"', '{', '', 'true'], (body) => [
    body,
    withEdDsa(header, body),
  ]),
  'a header that is no object': each(['[]', 'null', '1', '"x"', '{', ''], (head) => [head, withEdDsa(head, claims)]),
};
const vectors = Object.entries(refused).flatMap(([what, tokens]) =>
  tokens.map(([which, token]) => ({ name: `${what}: ${which}`, token })),
);

/** As the services look keys up: in memory, by exactly this kid. */
const keys = new Map([['k1', publicKey]]);
const lookUp: JWTVerifyGetKey = ({ kid }) => {
  const key = typeof kid === 'string' ? keys.get(kid) : undefined;
  if (!key) throw new errors.JWKSNoMatchingKey();
  return key;
};
const verify = (token: string, seconds = 60) =>
  verifyAccessToken(token, lookUp, new Date((issuedAt + seconds) * 1_000));

describe('the vectors', () => {
  it('are 200 at least', () => {
    expect(vectors.length).toBeGreaterThanOrEqual(200);
  });

  it.each(vectors)('refuse $name', async ({ token }) => {
    await expect(verify(token)).rejects.toMatchObject({ name: 'InvalidTokenError' });
  });

  it.each([
    ['the token they are made from', withEdDsa(header, claims)],
    ['no hospital', withEdDsa(header, { ...claims, hid: undefined })],
    ['a claim we do not know', withEdDsa(header, { ...claims, scope: 'all' })],
    ['an embedded key, which nobody looks at', withEdDsa({ ...header, jwk, jku: 'https://evil.example' }, claims)],
    ['a type that differs in case', withEdDsa({ ...header, typ: 'AT+JWT' }, claims)],
    ['a long claim within 2 KB', withEdDsa(header, { ...claims, pad: 'x'.repeat(1_000) })],
  ])('accept %s (control)', async (_, token) => {
    await expect(verify(token)).resolves.toMatchObject({ userId: id(1), sessionId: id(2) });
  });
});

describe('clocks that differ', () => {
  it.each([
    ['9 seconds after the end', 609, {}, true],
    ['11 seconds after the end', 611, {}, false],
    ['9 seconds before it counts', 51, { nbf: issuedAt + 60 }, true],
    ['11 seconds before it counts', 49, { nbf: issuedAt + 60 }, false],
    ['9 seconds before it was issued', -9, {}, true],
    ['11 seconds before it was issued', -11, {}, false],
  ])('%s', async (_, seconds, change, counts) => {
    const verified = verify(withEdDsa(header, { ...claims, ...change }), seconds);
    await (counts ? expect(verified).resolves.toBeDefined() : expect(verified).rejects.toThrow());
  });
});
