import { expect, it } from '@jest/globals';
import { Joined } from './joined.js';

it('what comes while something is written is written together, and once', async () => {
  const written: (readonly string[])[] = [];
  const joined = new Joined<string>((all) => {
    written.push(all);
    return new Promise((resolve) => setImmediate(resolve));
  });
  await Promise.all(['a', 'b', 'c'].map((one) => joined.add(one)));
  await joined.add('d');
  expect(written).toEqual([['a'], ['b', 'c'], ['d']]);
});

it('what fails fails for those written with it, and for nobody later', async () => {
  const joined = new Joined<string>((all) =>
    all.includes('bad') ? Promise.reject(new Error('away')) : Promise.resolve(),
  );
  const all = await Promise.allSettled(['a', 'bad', 'b', 'c'].map((one) => joined.add(one)));
  expect(all.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'rejected', 'rejected']);
  await joined.add('d');
});
