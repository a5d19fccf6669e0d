import type { Changes, ClientStorage, Storage } from '../storage/storage.js';
import type { Mutation } from './world.js';

/** Clients that break one rule each. The model has to notice every one of them. */

/** A storage whose commits are made in another way. */
const committing = (inner: Storage, commit: (revision: number, changes: Changes) => Promise<boolean>): Storage => ({
  get: (keys) => inner.get(keys),
  list: (prefix, limit) => inner.list(prefix, limit),
  watch: (listener) => inner.watch(listener),
  close: () => inner.close(),
  commit,
});

const part = ({ put, delete: deleted }: Changes, has: (key: string) => boolean): Changes => ({
  put: new Map([...put].filter(([key]) => has(key))),
  delete: new Set([...deleted].filter(has)),
});

const withQueue = (
  { rows, queue }: ClientStorage,
  commit: (queue: Storage, revision: number, changes: Changes) => Promise<boolean>,
): ClientStorage => ({
  rows,
  queue: committing(queue, (revision, changes) => commit(queue, revision, changes)),
});

const withRows = (
  { rows, queue }: ClientStorage,
  commit: (rows: Storage, revision: number, changes: Changes) => Promise<boolean>,
): ClientStorage => ({
  rows: committing(rows, (revision, changes) => commit(rows, revision, changes)),
  queue,
});

const isState = (key: string): boolean => key.startsWith('state/');

/** Against C2. */
export const dropsAChangeWhenTheServerFails: Mutation = {
  answered: async (status, { queue }) => {
    const { revision, value } = await queue.list('op/', 1);
    if (status >= 500) await queue.commit(revision, { put: new Map(), delete: new Set(value.map(([key]) => key)) });
  },
};

/** Against C7. */
export const storesCursorsBeforeRows: Mutation = {
  storage: (storage) =>
    withRows(storage, async (rows, revision, changes) => {
      const rest = part(changes, (key) => !isState(key));
      if (!(await rows.commit(revision, part(changes, isState)))) return false;
      return rest.put.size + rest.delete.size === 0 || rows.commit(revision + 1, rest);
    }),
};

/** Against C5. */
export const forgetsWhatWasAcknowledged: Mutation = {
  storage: (storage) =>
    withQueue(storage, (queue, revision, changes) =>
      queue.commit(
        revision,
        part(changes, (key) => !key.startsWith('done/')),
      ),
    ),
};

/** Against C1 and C4. */
export const numbersChangesWithoutLookingAtOthers: Mutation = {
  storage: (storage) =>
    withQueue(storage, async (queue, _, changes) => queue.commit((await queue.get([])).revision, changes)),
};

/** Against §6.3. */
export const keepsWhatIsNoLongerItsToHold: Mutation = {
  storage: (storage) =>
    withRows(storage, (rows, revision, { put }) => rows.commit(revision, { put, delete: new Set() })),
};
