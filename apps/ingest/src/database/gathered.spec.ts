import { expect, it } from '@jest/globals';
import { Gathered } from './gathered.js';

it('questions that come together are asked as one, and each gets its own answer', async () => {
  const asked: (readonly string[])[] = [];
  const gathered = new Gathered<number>((ids) => {
    asked.push(ids);
    return Promise.resolve(new Map([['a', 1]]));
  });
  expect(await Promise.all(['a', 'b', 'a'].map((id) => gathered.find(id)))).toEqual([1, undefined, 1]);
  expect(await gathered.find('a')).toBe(1);
  expect(asked).toEqual([['a', 'b'], ['a']]);
});

it('a question that fails fails for all who asked, and for nobody later', async () => {
  let fails = true;
  const gathered = new Gathered<number>(() =>
    fails ? Promise.reject(new Error('away')) : Promise.resolve(new Map([['a', 1]])),
  );
  const both = await Promise.allSettled([gathered.find('a'), gathered.find('b')]);
  expect(both.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
  fails = false;
  expect(await gathered.find('a')).toBe(1);
});
