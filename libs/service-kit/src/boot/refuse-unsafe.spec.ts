import { randomBytes } from 'node:crypto';
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from '@jest/globals';
import { bootObstacles } from './refuse-unsafe.js';

const folder = mkdtempSync(join(tmpdir(), 'hms-boot-'));
afterAll(() => rmSync(folder, { recursive: true }));

const random = (bytes = 32): string => randomBytes(bytes).toString('base64url');
let files = 0;
function file(content: unknown, mode = 0o600): string {
  const path = join(folder, `${files++}.json`);
  writeFileSync(path, typeof content === 'string' ? content : JSON.stringify(content));
  chmodSync(path, mode);
  return path;
}

function checkpoints(mode: number): string {
  const path = join(folder, `checkpoints-${files++}`);
  mkdirSync(path);
  chmodSync(path, mode);
  return path;
}

const refreshSecret = random();
const kek = random();
const apiPassword = random(24);
const authKeys = (over: object = {}): object => ({
  signingKeys: [{ kty: 'OKP', crv: 'Ed25519', alg: 'EdDSA', kid: 'k1', x: random(), d: random() }],
  refreshSecret,
  ...over,
});
const published: Readonly<Record<string, string>> = {
  NODE_ENV: 'production',
  HOST: '0.0.0.0',
  PORT: '3000',
  LOG_LEVEL: 'info',
  PUBLIC_URL: 'https://hms.hospital.org',
  ALLOWED_ORIGINS: 'https://app.hospital.org, http://localhost:5173',
  DATABASE_URL: `postgresql://hms_api:${apiPassword}@db.internal/hms?sslmode=verify-full`,
  REDIS_URL: `rediss://:${random(24)}@cache.internal:6379`,
  SMTP_URL: `smtps://hms:${random(24)}@mail.internal`,
  AUTH_KEYS_FILE: file(authKeys()),
  ENCRYPTION_KEYS_FILE: file({ keys: [{ id: 'kek-1', key: kek, createdAt: '2026-01-01' }] }),
  AUDIT_KEYS_FILE: file({
    macKeys: [{ kid: 'a', key: random() }],
    signingKeys: [{ kid: 'b', x: random(), d: random() }],
  }),
  AUDIT_CHECKPOINT_DIR: checkpoints(0o755),
  MAIL_FROM: 'HMS <no-reply@hms.hospital.org>',
  BREACHED_PASSWORDS_URL: 'https://api.pwnedpasswords.com',
  FIREBASE_JWKS_URL: 'https://www.googleapis.com/service_accounts/v1/jwk/securetoken@system.gserviceaccount.com',
  TRUSTED_PROXIES: '10.0.0.0/8, fc00::/7, 192.0.2.1',
  RATE_LIMIT_FACTOR: '1',
};
const own = Object.keys(published);
const withVault: Readonly<Record<string, string | undefined>> = {
  ...published,
  ENCRYPTION_KEYS_FILE: undefined,
  KMS_URL: 'https://vault.internal:8200',
  KMS_KEY: 'hms',
  KMS_TOKEN_FILE: file(`hvs.${random(18)}\n`),
};
const local: Readonly<Record<string, string>> = {
  ...published,
  HOST: '127.0.0.1',
  PUBLIC_URL: 'http://127.0.0.1:8080',
  DATABASE_URL: 'postgresql://hms_api:hms@127.0.0.1/hms',
  REDIS_URL: 'redis://127.0.0.1:6379',
  SMTP_URL: 'smtp://127.0.0.1:2525',
  MAIL_FROM: 'HMS <no-reply@hms.example>',
  FIREBASE_JWKS_URL: 'http://127.0.0.1:9000/jwks',
  AUDIT_CHECKPOINT_DIR: join(folder, 'not-yet'),
  LOG_LEVEL: 'debug',
  RATE_LIMIT_FACTOR: '1000',
};
type Change = Readonly<Record<string, string | undefined>>;
const database = (user: string, query = '?sslmode=verify-full'): string =>
  `postgresql://${user}@db.internal/hms${query}`;
const strong = random(24);
const twice = random();

/** Everything somebody might deploy that they should not. */
const bad: readonly (readonly [what: string, change: Change, variable?: string])[] = [
  ['a key file that is not there', { AUTH_KEYS_FILE: join(folder, 'nothing.json') }],
  ['a key file that is a folder', { AUTH_KEYS_FILE: folder }],
  ['a key file that is not JSON', { AUTH_KEYS_FILE: file('refreshSecret=hunter2-hunter2') }],
  ['a key file without keys', { ENCRYPTION_KEYS_FILE: file({ keys: [] }) }],
  ['a key file for everybody', { AUTH_KEYS_FILE: file(authKeys({ refreshSecret: random() }), 0o644) }],
  ['a key file for its group', { ENCRYPTION_KEYS_FILE: file({ keys: [{ key: random() }] }, 0o640) }],
  ['a secret of 128 bits', { AUTH_KEYS_FILE: file(authKeys({ refreshSecret: random(16) })) }],
  ['a secret of one letter', { AUTH_KEYS_FILE: file(authKeys({ refreshSecret: 'a'.repeat(64) })) }],
  ['a secret of zeros', { ENCRYPTION_KEYS_FILE: file({ keys: [{ key: Buffer.alloc(32).toString('base64url') }] }) }],
  ['a secret that repeats', { AUDIT_KEYS_FILE: file({ macKeys: [{ key: 'abcd'.repeat(16) }] }) }],
  ['an example secret', { AUTH_KEYS_FILE: file(authKeys({ refreshSecret: `changeme${random()}` })) }],
  ['a secret that calls itself default', { AUDIT_KEYS_FILE: file({ macKeys: [{ key: `default-${random()}` }] }) }],
  ['a published secret', { AUTH_KEYS_FILE: file(authKeys({ refreshSecret: 'supersecret' })) }],
  ['audit keys for everybody', { AUDIT_KEYS_FILE: file({ macKeys: [{ key: random() }] }, 0o604) }],
  ['audit keys that are the encryption keys', { AUDIT_KEYS_FILE: file({ macKeys: [{ key: kek }] }) }],
  ['one file for two purposes', { ENCRYPTION_KEYS_FILE: published['AUTH_KEYS_FILE'] }],
  ['a token of Vault that is not there', { KMS_TOKEN_FILE: join(folder, 'nothing') }],
  ['an empty token of Vault', { KMS_TOKEN_FILE: file('\n') }],
  ['a token of Vault for everybody', { KMS_TOKEN_FILE: file(`hvs.${random(18)}`, 0o644) }],
  ['the token of a Vault for development', { KMS_TOKEN_FILE: file('root') }],
  ['a guessable token of Vault', { KMS_TOKEN_FILE: file('hvs.aaaaaaaaaaaaaaaaaaaaaaaa') }],
  ['checkpoints anybody may change', { AUDIT_CHECKPOINT_DIR: checkpoints(0o777) }],
  [
    'one secret for two purposes in a file',
    { AUDIT_KEYS_FILE: file({ macKeys: [{ key: twice }], signingKeys: [{ d: twice }] }) },
  ],
  ['one secret in two files', { ENCRYPTION_KEYS_FILE: file({ keys: [{ key: refreshSecret }] }) }],
  [
    'the password of a database as a key',
    { ENCRYPTION_KEYS_FILE: file({ keys: [{ key: twice }] }), REDIS_URL: `rediss://:${twice}@c` },
  ],
  ['one password for database and cache', { REDIS_URL: `rediss://:${apiPassword}@cache.internal` }],
  ['a database without a password', { DATABASE_URL: database('hms_api') }],
  ['a database with a default password', { DATABASE_URL: database('hms_api:postgres') }],
  ['a database with an example password', { DATABASE_URL: database(`hms_api:change-me-${random(24)}`) }],
  ['a database with a short password', { DATABASE_URL: database(`hms_api:${random(6)}`) }],
  ['a database with a password of words', { DATABASE_URL: database('hms_api:abcabcabcabcabcabcabcabcabcabc') }],
  ['the superuser', { DATABASE_URL: database(`postgres:${strong}`) }],
  ['the owner of the database', { DATABASE_URL: database(`hms_owner:${strong}`) }],
  ['root', { DATABASE_URL: database(`root:${strong}`) }],
  ['no user', { DATABASE_URL: database(`:${strong}`) }],
  ['a remote database in clear', { DATABASE_URL: database(`hms_api:${strong}`, '') }],
  ['a remote database perhaps in clear', { DATABASE_URL: database(`hms_api:${strong}`, '?sslmode=prefer') }],
  ['a remote database unverified', { DATABASE_URL: database(`hms_api:${strong}`, '?sslmode=require') }],
  ['a remote database unverified on purpose', { DATABASE_URL: database(`hms_api:${strong}`, '?sslmode=no-verify') }],
  ['Redis without a password', { REDIS_URL: 'rediss://cache.internal:6379' }],
  ['Redis with a guessable password', { REDIS_URL: 'rediss://:redis@cache.internal:6379' }],
  ['remote Redis in clear', { REDIS_URL: `redis://:${strong}@cache.internal:6379` }],
  ['Redis unverified', { REDIS_URL: `rediss://:${strong}@cache.internal:6379?rejectUnauthorized=false` }],
  ['mail in clear', { SMTP_URL: `smtp://hms:${strong}@mail.internal` }],
  ['mail perhaps in clear', { SMTP_URL: `smtp://hms:${strong}@mail.internal?requireTLS=false` }],
  ['mail to whoever answers', { SMTP_URL: `smtps://hms:${strong}@mail.internal?tls.rejectUnauthorized=false` }],
  ['mail with a published password', { SMTP_URL: 'smtps://hms:changeme@mail.internal' }],
  ['mail from an example', { MAIL_FROM: 'HMS <no-reply@hms.example>' }],
  ['mail from another example', { MAIL_FROM: 'no-reply@example.com' }],
  ['leaked passwords asked for in clear', { BREACHED_PASSWORDS_URL: 'http://api.pwnedpasswords.com' }],
  ['keys of an identity provider of its own', { FIREBASE_JWKS_URL: 'https://127.0.0.1:9000/jwks' }],
  ['a public address in clear', { PUBLIC_URL: 'http://hms.hospital.org' }],
  ['keys of an identity provider in clear', { FIREBASE_JWKS_URL: 'http://keys.example.org' }],
  ['a KMS in clear', { KMS_URL: 'http://kms.internal' }],
  ['pages from everywhere', { ALLOWED_ORIGINS: '*' }],
  ['pages from files', { ALLOWED_ORIGINS: 'https://a.org, null' }],
  ['pages in clear', { ALLOWED_ORIGINS: 'https://a.org,http://b.org' }],
  ['certificates nobody verifies', { NODE_TLS_REJECT_UNAUTHORIZED: '0' }],
  ['a debugger', { NODE_OPTIONS: '--max-old-space-size=512 --inspect=0.0.0.0' }],
  ['a lax HTTP parser', { NODE_OPTIONS: '--insecure-http-parser' }],
  ['old TLS', { NODE_OPTIONS: '--tls-min-v1.0' }],
  ['the debug output of libraries', { DEBUG: 'prisma:*' }],
  ['the debug output of Node', { NODE_DEBUG: 'http,tls' }],
  ['TLS keys in a file', { SSLKEYLOGFILE: '/tmp/keys' }],
  ['an emulator of Firebase', { FIREBASE_AUTH_EMULATOR_HOST: '127.0.0.1:9099' }],
  ['an emulator of whatever', { STORAGE_EMULATOR_HOST: '127.0.0.1:9199' }],
  ['debug logs', { LOG_LEVEL: 'debug' }],
  ['trace logs', { LOG_LEVEL: 'trace' }],
  ['no logs', { LOG_LEVEL: 'silent' }],
  ['rate limits nobody reaches', { RATE_LIMIT_FACTOR: '10000' }],
  ['trust in every proxy', { TRUSTED_PROXIES: '127.0.0.1, 0.0.0.0/0' }],
  ['trust in every proxy of IPv6', { TRUSTED_PROXIES: '::/0' }],
  ['trust in half of the internet', { TRUSTED_PROXIES: '10.0.0.1, 128.0.0.0/1' }],
  ['development before the public', { NODE_ENV: 'development' }],
  ['a test before the public', { NODE_ENV: 'test' }],
];

describe('a deployment', () => {
  it('as it should be starts, before the public, with Vault and on one machine (control)', () => {
    expect(bootObstacles(published, own)).toEqual([]);
    expect(bootObstacles(withVault, own)).toEqual([]);
    expect(bootObstacles(local, own)).toEqual([]);
  });

  it.each(bad)('with %s is refused, by name and not by value', (_, change) => {
    const obstacles = bootObstacles({ ...published, ...change }, own);
    const [variable = ''] = Object.keys(change);
    expect(obstacles).toContainEqual(expect.stringMatching(new RegExp(`^${variable} \\(.+\\)$`)));
    const values = Object.entries(change).flatMap(([name, value = '']) =>
      name === 'NODE_ENV' || value.length < 4 ? [] : [value],
    );
    for (const value of [...values, apiPassword, refreshSecret, strong, twice, folder]) {
      expect(obstacles.join()).not.toContain(value);
    }
  });

  it('is held to the rules of production when it does not say what it is', () => {
    expect(bootObstacles({ ...published, NODE_ENV: undefined, DEBUG: '*' }, own)).toHaveLength(1);
  });

  it('on one machine is still refused what endangers it there', () => {
    const changes: readonly Change[] = [
      { AUTH_KEYS_FILE: file(authKeys({ refreshSecret: 'a'.repeat(64) })) },
      { DATABASE_URL: 'postgresql://postgres:x@127.0.0.1/hms' },
      { DATABASE_URL: `postgresql://hms_api:${strong}@db.internal/hms` },
      { NODE_TLS_REJECT_UNAUTHORIZED: '0' },
    ];
    for (const change of changes) expect(bootObstacles({ ...local, ...change }, own)).not.toEqual([]);
  });

  it('counts as public when it does not say where it is', () => {
    expect(bootObstacles({ ...local, PUBLIC_URL: undefined }, own)).not.toEqual([]);
  });

  it('is not judged by what other programs read', () => {
    expect(bootObstacles({ ...published, OTHER_URL: 'http://a.org', OTHER_FILE: 'nothing' }, own)).toEqual([]);
  });
});
