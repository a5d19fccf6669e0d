import { describe, expect, it } from '@jest/globals';
import { GroupCommit } from './group-commit.js';

/** A store whose writes end when the test says so. */
function heldStore(maxWaiting = 10) {
  const writes: { items: readonly string[]; end: (err?: Error) => void }[] = [];
  const commits = new GroupCommit<string>({
    write: (items) =>
      new Promise((resolve, reject) => writes.push({ items, end: (err) => (err ? reject(err) : resolve()) })),
    placeOf: (item) => item[0],
    blameOf: (err) => (err instanceof RangeError ? 'place' : 'store'),
    maxBatch: 3,
    maxWaiting,
  });
  const settled = () => new Promise((resolve) => setImmediate(resolve));
  return { writes, commits, settled };
}

describe('a group commit', () => {
  it('writes whatever arrived during one write together, bounded, as the next', async () => {
    const { writes, commits, settled } = heldStore();
    const done = ['a', 'b', 'c', 'd', 'e'].map((item) => commits.add(item));
    for (let i = 0; i < 3; i += 1) {
      writes.at(-1)?.end();
      await settled();
    }
    await Promise.all(done);
    expect(writes.map(({ items }) => items.join(''))).toEqual(['a', 'bcd', 'e']);
  });

  it('resolves nobody before the write ended', async () => {
    const { writes, commits, settled } = heldStore();
    let resolved = false;
    const added = commits.add('a').then(() => (resolved = true));
    await settled();
    expect(resolved).toBe(false);
    writes[0]?.end();
    await added;
  });

  it('refuses what is too much, and goes on', async () => {
    const { writes, commits, settled } = heldStore(1);
    const done = [commits.add('a'), commits.add('b')];
    await expect(commits.add('c')).rejects.toMatchObject({ code: 'service.busy' });
    writes[0]?.end();
    await settled();
    writes[1]?.end();
    await Promise.all(done);
  });

  it('fails all of a group when the store fails, and serves the next', async () => {
    const { writes, commits, settled } = heldStore();
    const lost = [commits.add('a'), commits.add('b')].map((added) => expect(added).rejects.toThrow('away'));
    writes[0]?.end(new Error('away'));
    await settled();
    writes[1]?.end(new Error('away'));
    await Promise.all(lost);
    await settled();
    const next = commits.add('c');
    writes[2]?.end();
    await next;
  });

  it('lets one bad item fail alone', async () => {
    const stored: string[] = [];
    const commits = new GroupCommit<string>({
      write: (items) => {
        if (items.includes('bad')) return Promise.reject(new RangeError('bad'));
        stored.push(...items);
        return Promise.resolve();
      },
      placeOf: () => 'here',
      blameOf: () => 'item',
      maxBatch: 10,
      maxWaiting: 10,
    });
    const results = await Promise.allSettled(['a', 'b', 'bad', 'c'].map((item) => commits.add(item)));
    expect(results.map(({ status }) => status)).toEqual(['fulfilled', 'fulfilled', 'rejected', 'fulfilled']);
    expect(stored).toEqual(['a', 'b', 'c']);
  });

  it('writes a place that failed apart, holding up no other, until it succeeds', async () => {
    const { writes, commits, settled } = heldStore();
    const first = commits.add('first');
    const [bad, good] = [expect(commits.add('x1')).rejects.toThrow('locked'), commits.add('y1')];
    writes[0]?.end();
    await settled();
    writes[1]?.end(new RangeError('locked'));
    await settled();
    const [alone, later] = [commits.add('x2'), commits.add('z1')];
    expect(writes.slice(1).map(({ items }) => items.join(' '))).toEqual(['x1 y1', 'x1', 'y1', 'z1']);
    writes[3]?.end();
    writes[4]?.end();
    await Promise.all([first, good, later]);
    writes[2]?.end(new RangeError('locked'));
    await bad;
    await settled();
    writes[5]?.end();
    await alone;
    const together = [commits.add('y2'), commits.add('x3'), commits.add('y3')];
    writes[6]?.end();
    await settled();
    writes[7]?.end();
    await Promise.all(together);
    expect(writes.slice(5).map(({ items }) => items.join(' '))).toEqual(['x2', 'y2', 'x3 y3']);
  });
});
