import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { open, realpath, rename, rm, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { z } from 'zod';
import { KeyProviderError } from '../encryption.errors.js';
import { keyBytes, type NamedKey } from '../cipher/sealed-text.js';

const KeyFile = z.object({
  keys: z
    .array(
      z.object({
        id: z.string().regex(/^[\w-]{1,64}$/),
        key: z.base64url().transform((text) => Buffer.from(text, 'base64url')),
        createdAt: z.iso.datetime(),
      }),
    )
    .min(1),
});

type StoredKey = z.input<typeof KeyFile>['keys'][number];

const broken = (problem: string, cause?: unknown): KeyProviderError =>
  new KeyProviderError(`ENCRYPTION_KEYS_FILE ${problem}`, { permanent: true, cause });

/** The keys of a file such as `{"keys": [{"id": …, "key": <32 bytes in base64url>, "createdAt": …}]}`, newest first. */
export function readKeyFile(path: string): readonly [NamedKey, ...NamedKey[]] {
  const parsed = KeyFile.safeParse(readJson(path));
  if (!parsed.success) throw broken(`is not valid: ${parsed.error.issues.map((i) => i.path.join('.')).join(', ')}`);
  const keys = parsed.data.keys.map(({ id, key }) => ({ id, secret: key }));
  const short = keys.find(({ secret }) => secret.length !== keyBytes);
  if (short) throw broken(`has a key that is not ${String(keyBytes)} bytes long: ${short.id}`);
  const distinct = (values: readonly string[]): boolean => new Set(values).size === keys.length;
  if (!distinct(keys.map(({ id }) => id)) || !distinct(keys.map(({ secret }) => secret.toString('hex')))) {
    throw broken('has the same key or the same id twice');
  }
  const [newest, ...older] = keys;
  if (!newest) throw broken('has no key');
  return [newest, ...older];
}

/** Puts a new key before the others: a reader sees the old file or the new, never half. One at a time. Returns its id. */
export async function addToKeyFile(path: string, now: Date): Promise<string> {
  readKeyFile(path);
  const { keys } = readJson(path) as { keys: StoredKey[] };
  const id = `kek-${randomBytes(6).toString('hex')}`;
  const added = { id, key: randomBytes(keyBytes).toString('base64url'), createdAt: now.toISOString() };
  await replaceFile(path, `${JSON.stringify({ keys: [added, ...keys] }, null, 2)}\n`);
  return id;
}

function readJson(path: string): unknown {
  try {
    return JSON.parse(readFileSync(path, 'utf8')) as unknown;
  } catch (cause) {
    throw broken('cannot be read as JSON', cause);
  }
}

/** When it resolves, not even a power cut brings the old file back. Owner, group and mode stay. */
async function replaceFile(path: string, content: string): Promise<void> {
  const target = await realpath(path);
  const { mode, uid, gid } = await stat(target);
  const next = `${target}.new`;
  const file = await open(next, 'w', 0o600);
  try {
    await file.writeFile(content);
    await file.chown(uid, gid);
    await file.chmod(mode & 0o777);
    await file.sync();
    await rename(next, target);
  } catch (err) {
    await rm(next, { force: true });
    throw err;
  } finally {
    await file.close();
  }
  const folder = await open(dirname(target), 'r');
  await folder.sync().finally(() => folder.close());
}
