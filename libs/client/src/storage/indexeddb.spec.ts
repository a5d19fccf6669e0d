import { afterEach, describe, expect, it } from '@jest/globals';
import 'fake-indexeddb/auto';
import { IndexedDbStorage, openIndexedDb } from './indexeddb.js';
import { storageContract } from '../testing/storage-contract.js';

let opened: { close(): Promise<void> }[] = [];
let databases = 0;

const open = async (name: string): Promise<IndexedDbStorage> => {
  const storage = await IndexedDbStorage.open(name, indexedDB, 'strict');
  opened.push(storage);
  return storage;
};

// An open channel keeps the process alive.
afterEach(async () => {
  for (const storage of opened) await storage.close();
  opened = [];
});

storageContract('IndexedDB', async () => {
  const name = `contract-${++databases}`;
  return { storage: await open(name), reopen: () => open(name) };
});

describe('an IndexedDB storage', () => {
  it('keeps rows and queue in databases of their own', async () => {
    const { rows, queue } = await openIndexedDb('ann@one');
    opened.push(rows, queue);
    expect((await indexedDB.databases()).map(({ name }) => name)).toEqual(
      expect.arrayContaining(['ann@one.rows', 'ann@one.queue']),
    );
  });

  it('tells of the commits of other pages', async () => {
    const [mine, other] = [await open('pages'), await open('pages')];
    const told = new Promise<string[]>((resolve) => mine.watch((tables) => resolve([...tables])));
    await other.commit(0, { put: new Map([['op/1', 1]]), delete: new Set() });
    expect(await told).toEqual(['op']);
  });

  it('has what was committed when it is opened again', async () => {
    const first = await open('again');
    await first.commit(0, { put: new Map([['op/1', { seq: 1 }]]), delete: new Set() });
    await first.close();
    expect((await (await open('again')).get(['op/1'])).value).toEqual([{ seq: 1 }]);
  });
});
