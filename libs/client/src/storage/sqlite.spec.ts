import { afterEach, describe, expect, it } from '@jest/globals';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Database from 'libsql';
import { SqliteStorage } from './sqlite.js';
import { storageContract } from '../testing/storage-contract.js';

const directories: string[] = [];
const file = (): string => {
  const directory = mkdtempSync(join(tmpdir(), 'hms-client-'));
  directories.push(directory);
  return join(directory, 'queue.db');
};

afterEach(() => {
  for (const directory of directories.splice(0)) rmSync(directory, { recursive: true });
});

storageContract('SQLite', () => {
  const path = file();
  const open = (): Promise<SqliteStorage> => Promise.resolve(new SqliteStorage(new Database(path)));
  return open().then((storage) => ({ storage, reopen: open }));
});

describe('an SQLite storage', () => {
  it('has what was committed when it is opened again', async () => {
    const path = file();
    const first = new SqliteStorage(new Database(path));
    await first.commit(0, { put: new Map([['op/1', { seq: 1 }]]), delete: new Set() });
    await first.close();
    expect((await new SqliteStorage(new Database(path)).get(['op/1'])).value).toEqual([{ seq: 1 }]);
  });
});
