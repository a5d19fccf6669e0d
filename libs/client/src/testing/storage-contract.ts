import { describe, expect, it } from '@jest/globals';
import type { Changes, Storage } from '../storage/storage.js';
import { erase, table, transact } from '../storage/transaction.js';

const changes = (put: Readonly<Record<string, unknown>>, deleted: readonly string[] = []): Changes => ({
  put: new Map(Object.entries(put)),
  delete: new Set(deleted),
});

/** Opens the same storage each time; `reopen` as another page or process would. */
export interface StorageHarness {
  readonly storage: Storage;
  readonly reopen: () => Promise<Storage>;
}

export const storageContract = (name: string, make: () => Promise<StorageHarness>): void =>
  describe(`a storage in ${name}`, () => {
    it('is empty at first', async () => {
      const { storage } = await make();
      expect((await storage.get(['a/1'])).value).toEqual([undefined]);
      expect((await storage.list('')).value).toEqual([]);
    });

    it('returns JSON as it was put, and none for what was deleted', async () => {
      const { storage } = await make();
      const value = { text: 'ä🙂', list: [1, null, true], inner: { x: 1.5 } };
      await storage.commit(0, changes({ 'a/1': value, 'a/2': 'x' }));
      const { revision } = await storage.get([]);
      await storage.commit(revision, changes({}, ['a/2', 'a/9']));
      expect((await storage.get(['a/2', 'a/1'])).value).toEqual([undefined, value]);
    });

    it('lists what begins with a prefix in the order of keys, as many as asked for', async () => {
      const { storage } = await make();
      await storage.commit(0, changes({ 'a/2': 2, 'a/10': 10, 'a/1': 1, 'ab/1': 0, 'b/1': 0 }));
      const list = async (limit?: number): Promise<string[]> =>
        (await storage.list('a/', limit)).value.map(([key]) => key);
      expect(await list()).toEqual(['a/1', 'a/10', 'a/2']);
      expect(await list(2)).toEqual(['a/1', 'a/10']);
    });

    it('makes all of a commit or, on another revision, nothing', async () => {
      const { storage } = await make();
      const { revision } = await storage.get([]);
      expect(await storage.commit(revision, changes({ 'a/1': 'mine' }))).toBe(true);
      expect(await storage.commit(revision, changes({ 'a/1': 'late', 'a/2': 'late' }, ['a/1']))).toBe(false);
      expect((await storage.list('')).value).toEqual([['a/1', 'mine']]);
    });

    it('lets one of two commits on one revision win', async () => {
      const { storage, reopen } = await make();
      const other = await reopen();
      const { revision } = await storage.get([]);
      const won = await Promise.all([
        storage.commit(revision, changes({ 'a/1': 1 })),
        other.commit(revision, changes({ 'a/1': 2 })),
      ]);
      expect(won.filter(Boolean)).toHaveLength(1);
      expect((await other.get(['a/1'])).value).toEqual([won[0] ? 1 : 2]);
      await other.close();
    });

    it('keeps what others see the same: a value that was read may be changed', async () => {
      const { storage } = await make();
      const put = { list: [1] };
      await storage.commit(0, changes({ 'a/1': put }));
      put.list.push(2);
      const read = async (): Promise<unknown> => (await storage.get(['a/1'])).value[0];
      Object.assign((await read()) as object, { list: [] });
      expect(await read()).toEqual({ list: [1] });
    });

    it('tells which tables a commit touched', async () => {
      const { storage } = await make();
      const told: string[][] = [];
      const stop = storage.watch((tables) => told.push([...tables].sort()));
      await storage.commit(0, changes({ 'row/notes/1': 1, 'state/only': 1 }, ['op/1']));
      stop();
      await storage.commit(1, changes({ 'a/1': 1 }));
      expect(told).toEqual([['op', 'row/notes', 'state']]);
    });

    it('adds up what transactions count at the same time', async () => {
      const { storage, reopen } = await make();
      const other = await reopen();
      const counters = table<number>('counter');
      const count = (in_: Storage): Promise<void> =>
        transact(in_, async (tx) => tx.put(counters, 'c', ((await tx.get(counters, 'c')) ?? 0) + 1));
      await Promise.all(Array.from({ length: 20 }, (_, index) => count(index % 2 === 0 ? storage : other)));
      expect((await storage.get(['counter/c'])).value).toEqual([20]);
      await other.close();
    });

    it('is empty again after it was erased', async () => {
      const { storage } = await make();
      await storage.commit(0, changes({ 'a/1': 1, 'b/1': 1 }));
      await erase(storage);
      expect((await storage.list('')).value).toEqual([]);
    });
  });
