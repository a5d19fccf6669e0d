import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { generateKeyPairSync } from 'node:crypto';
import { chmod, chown, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { rotateKeys } from '@hms/auth';
import { changeKeyFile, readKeyFile } from './key-file-store.js';
import { describeKeys } from './keys.command.js';

const now = new Date('2026-05-01T08:00:00Z');
let folder: string;
let file: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'hms-keys-'));
  file = join(folder, 'keys.json');
  const jwk = { ...generateKeyPairSync('ed25519').privateKey.export({ format: 'jwk' }), alg: 'EdDSA', kid: 'old' };
  await writeFile(file, JSON.stringify({ signingKeys: [jwk], refreshSecret: 'r'.repeat(43) }));
});
afterEach(() => rm(folder, { recursive: true }));

const rotate = () => changeKeyFile(file, (keys) => rotateKeys(keys, now));

describe('rotating the key file', () => {
  it('replaces it as a whole and leaves nothing else behind', async () => {
    await rotate();
    const keys = await readKeyFile(file);
    expect(keys.signingKeys).toHaveLength(2);
    expect(keys.refreshSecret).toBe('r'.repeat(43));
    expect(await readdir(folder)).toEqual(['keys.json']);
  });

  it.each([0o600, 0o640])('keeps its owner, its group and the mode %o: the API must go on reading it', async (mode) => {
    // Nobody but root gives files away; for others the file stays theirs.
    if (process.getuid?.() === 0) await chown(file, 12_345, 23_456);
    await chmod(file, mode);
    const before = await stat(file);
    await rotate();
    const after = await stat(file);
    expect([after.uid, after.gid, after.mode]).toEqual([before.uid, before.gid, before.mode]);
    expect(after.ino).not.toBe(before.ino);
  });

  it('is done once by two who try at the same time', async () => {
    const outcomes = await Promise.allSettled([rotate(), rotate()]);
    expect(outcomes.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
    expect((await readKeyFile(file)).signingKeys).toHaveLength(2);
  });

  it('changes nothing when the file is broken or a rotation is under way', async () => {
    await rotate();
    const before = await readFile(file, 'utf8');
    await expect(rotate()).rejects.toThrow('a rotation is under way');
    expect(await readFile(file, 'utf8')).toBe(before);
    await writeFile(file, '{');
    await expect(rotate()).rejects.toThrow('cannot be read as JSON');
    expect(await readdir(folder)).toEqual(['keys.json']);
  });

  it('is told without secrets', async () => {
    const { signingKeys } = await rotate();
    const shown = describeKeys(await readKeyFile(file), now);
    expect(shown.split('\n')).toEqual([
      `${signingKeys[0]?.kid ?? ''}  verifies, signs from 2026-05-01T08:01:00.000Z`,
      'old  signs, retires 2026-05-01T08:12:00.000Z',
      '',
    ]);
  });
});
