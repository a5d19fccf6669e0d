import { open, readFile, rename, rm, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { formatKeyFile, parseKeyFile, type KeyFile } from '@hms/auth';
import { OperatorError } from '@hms/database';

/** @throws OperatorError */
export async function readKeyFile(path: string): Promise<KeyFile> {
  const text = await readFile(path, 'utf8').catch((cause: unknown) => {
    throw new OperatorError(`${path} cannot be read.`, { cause });
  });
  return explained(() => parseKeyFile(text));
}

/**
 * Replaces the file by what `change` makes of it, as a whole and with the same owner, group and mode: a reader sees the
 * file before or after, and after a crash it is one of the two. Only one change happens at a time.
 * @throws OperatorError
 */
export async function changeKeyFile(path: string, change: (file: KeyFile) => KeyFile): Promise<KeyFile> {
  const lock = `${path}.lock`;
  const held = await open(lock, 'wx', 0o600).catch((cause: unknown) => {
    throw new OperatorError(`${lock} is there: somebody else rotates. If nobody does, delete it.`, { cause });
  });
  try {
    const before = await readKeyFile(path);
    const changed = explained(() => change(before));
    await replace(path, formatKeyFile(changed));
    return changed;
  } finally {
    await held.close();
    await rm(lock);
  }
}

async function replace(path: string, text: string): Promise<void> {
  const next = `${path}.new`;
  const { uid, gid, mode } = await stat(path);
  await rm(next, { force: true });
  const file = await open(next, 'wx', 0o600);
  try {
    await file.writeFile(text);
    await file.chown(uid, gid).catch((cause: unknown) => {
      throw new OperatorError(`${path} belongs to somebody else: rotate as its owner or as root.`, { cause });
    });
    await file.chmod(mode & 0o777);
    await file.sync();
    await rename(next, path);
  } catch (err) {
    await rm(next, { force: true });
    throw err;
  } finally {
    await file.close();
  }
  const folder = await open(dirname(path), 'r');
  await folder.sync().finally(() => folder.close());
}

function explained<T>(work: () => T): T {
  try {
    return work();
  } catch (cause) {
    throw new OperatorError(`${cause instanceof Error ? cause.message : 'The key file cannot be used'}.`, { cause });
  }
}
