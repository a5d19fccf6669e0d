import { randomBytes } from 'node:crypto';
import { chmod, mkdtemp, readdir, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { addToKeyFile, readKeyFile } from './key-file.js';

let folder: string;
let file: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'hms-keks-'));
  file = join(folder, 'keys.json');
  const key = { id: 'old', key: randomBytes(32).toString('base64url'), createdAt: '2026-01-01T00:00:00Z' };
  await writeFile(file, JSON.stringify({ keys: [key] }));
});
afterEach(() => rm(folder, { recursive: true }));

describe('adding a key to the file', () => {
  it('puts it first, keeps the others and leaves nothing else behind', async () => {
    const added = await addToKeyFile(file, new Date());
    expect(readKeyFile(file).map(({ id }) => id)).toEqual([added, 'old']);
    expect(await readdir(folder)).toEqual(['keys.json']);
  });

  it('keeps who may read it', async () => {
    await chmod(file, 0o640);
    const { uid, gid } = await stat(file);
    await addToKeyFile(file, new Date());
    const after = await stat(file);
    expect([after.mode & 0o777, after.uid, after.gid]).toEqual([0o640, uid, gid]);
  });

  it('changes the file a link points to', async () => {
    const link = join(folder, 'link.json');
    await symlink(file, link);
    const added = await addToKeyFile(link, new Date());
    expect(readKeyFile(file)[0].id).toBe(added);
  });
});
