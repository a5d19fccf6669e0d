import { mkdtemp, readFile, rename, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { formatKeyFile, parseKeyFile, rotateKeys, type KeyFile } from '@hms/auth';
import type { Hospital } from '@hms/database';
import type { JSONWebKeySet } from 'jose';
import { TestApi, type TestCaller } from '../../testing/test-api.js';
import { createTestHospital, dropTestHospital } from '../../testing/test-hospital.js';
import { until } from '../../testing/until.js';
import { TokenKeys } from './token-keys.service.js';

let folder: string;
let file: string;
let hospital: Hospital;
let apis: readonly [TestApi, TestApi];
let original: KeyFile;
let caller: TestCaller;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'hms-keys-'));
  file = join(folder, 'keys.json');
  original = parseKeyFile(await readFile(process.env['AUTH_KEYS_FILE'] ?? '', 'utf8'));
  await put(original);
  const inherited = process.env['AUTH_KEYS_FILE'];
  process.env['AUTH_KEYS_FILE'] = file;
  apis = [await TestApi.start(), await TestApi.start()];
  process.env['AUTH_KEYS_FILE'] = inherited;
  hospital = await createTestHospital();
  caller = await apis[0].signIn({ hospital, role: 'nurse' });
});

afterAll(async () => {
  await Promise.all(apis.map((api) => api.close()));
  await Promise.all([dropTestHospital(hospital), rm(folder, { recursive: true })]);
});

async function put(keys: KeyFile | string): Promise<void> {
  await writeFile(`${file}.new`, typeof keys === 'string' ? keys : formatKeyFile(keys), { mode: 0o600 });
  await rename(`${file}.new`, file);
}

/** In place, as if nothing had happened to the file. */
async function overwrite(text: string, mtime: Date): Promise<void> {
  await writeFile(file, text);
  await utimes(file, mtime, mtime);
}

const keysOf = (api: TestApi): TokenKeys => api.application.nest.get(TokenKeys, { strict: false });
const kidsOf = async (api: TestApi): Promise<(string | undefined)[]> => {
  const { body } = await api.send<JSONWebKeySet>({ method: 'GET', url: '/.well-known/jwks.json' });
  return body.keys.map(({ kid }) => kid);
};
const token = (api: TestApi): Promise<string> => api.tokenFor(caller, { hospital, role: 'nurse' });
const kidOf = (jwt: string): unknown =>
  (JSON.parse(Buffer.from(jwt.split('.')[0] ?? '', 'base64url').toString()) as { kid: unknown }).kid;
const statusOf = async (api: TestApi, accessToken: string): Promise<number> =>
  (await api.send({ method: 'GET', url: '/api/v1/me' }, { accessToken })).status;
/** A rotation whose key signs after `delayMs` instead of a minute. */
function rotated(delayMs: number): KeyFile {
  const next = rotateKeys(original, new Date());
  const [fresh, ...others] = next.signingKeys;
  if (!fresh) throw new Error('a rotation makes a key');
  return { ...next, signingKeys: [{ ...fresh, activeFrom: new Date(Date.now() + delayMs) }, ...others] };
}

/** Tokens of each process, presented to each, over and over until `done`. Returns the statuses seen and the kids used. */
async function underLoad(done: () => boolean): Promise<{ statuses: Map<number, number>; kids: Set<unknown> }> {
  const statuses = new Map<number, number>();
  const kids = new Set<unknown>();
  while (!done()) {
    const tokens = await Promise.all(apis.map(token));
    for (const jwt of tokens) kids.add(kidOf(jwt));
    const seen = await Promise.all(tokens.flatMap((jwt) => apis.map((api) => statusOf(api, jwt))));
    for (const status of seen) statuses.set(status, (statuses.get(status) ?? 0) + 1);
  }
  return { statuses, kids };
}

describe('a rotation of signing keys', () => {
  it('fails no valid request, though processes read the file at different times', async () => {
    await put(original);
    for (const api of apis) keysOf(api).refresh();
    const next = rotated(6_000);
    const fresh = next.signingKeys[0];
    const end = Date.now() + 7_000;
    const load = underLoad(() => Date.now() > end);
    await put(next);
    keysOf(apis[0]).refresh(); // the other one finds it by itself
    const { statuses, kids } = await load;
    expect([...statuses.keys()]).toEqual([200]);
    expect(kids).toEqual(new Set([original.signingKeys[0]?.kid, fresh?.kid]));
    expect(await kidsOf(apis[1])).toEqual([fresh?.kid, original.signingKeys[0]?.kid]);
  });

  it('without a delay fails requests where the file was not read yet (control)', async () => {
    await put(original);
    for (const api of apis) keysOf(api).refresh();
    await put(rotated(0));
    keysOf(apis[0]).refresh();
    expect(await statusOf(apis[1], await token(apis[0]))).toBe(401);
  });
});

describe('a key', () => {
  it('is refused as soon as it is retired, and not shown any more', async () => {
    await put(original);
    for (const api of apis) keysOf(api).refresh();
    const old = await token(apis[0]);
    const next = rotated(0);
    const [fresh, ...others] = next.signingKeys;
    if (!fresh) throw new Error('a rotation makes a key');
    await put({ ...next, signingKeys: [fresh, ...others.map((key) => ({ ...key, retireAt: new Date() }))] });
    await until(async () => (await statusOf(apis[1], old)) === 401, 5_000);
    expect(await kidsOf(apis[1])).toEqual([fresh.kid]);
  });

  it('is read once the file can be, though its name, size and time stay the same', async () => {
    await put(original);
    keysOf(apis[0]).refresh();
    const next = rotated(0);
    await put(next);
    const { mtime } = await stat(file);
    const broken = formatKeyFile(next).replace('{', '[');
    await overwrite(broken, mtime);
    keysOf(apis[0]).refresh();
    expect(await kidsOf(apis[0])).toEqual([original.signingKeys[0]?.kid]);
    await overwrite(formatKeyFile(next), mtime);
    keysOf(apis[0]).refresh();
    expect(await kidsOf(apis[0])).toContain(next.signingKeys[0]?.kid);
  });

  it.each([
    ['that is cut off', '{"signingKeys": ['],
    ['without keys', JSON.stringify({ signingKeys: [], refreshSecret: 'r'.repeat(43) })],
  ])('stays when the file is replaced by one %s', async (_, broken) => {
    await put(original);
    keysOf(apis[0]).refresh();
    const before = await token(apis[0]);
    await put(broken);
    keysOf(apis[0]).refresh();
    expect(await statusOf(apis[0], before)).toBe(200);
    await put(original);
    keysOf(apis[0]).refresh();
    expect(await statusOf(apis[0], await token(apis[0]))).toBe(200);
  });
});
