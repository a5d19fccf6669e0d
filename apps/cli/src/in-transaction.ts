import type pg from 'pg';

/** Commits what `work` did on the connection, or rolls it back and throws what `work` threw. */
export async function inTransaction<T>(owner: pg.ClientBase, work: () => Promise<T>): Promise<T> {
  await owner.query('begin');
  try {
    const result = await work();
    await owner.query('commit');
    return result;
  } catch (err) {
    await owner.query('rollback').catch(() => undefined); // only fails when the connection is gone
    throw err;
  }
}
