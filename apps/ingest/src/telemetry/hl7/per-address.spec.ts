import { expect, it } from '@jest/globals';
import { PerAddress } from './per-address.js';

it('an address has so many connections at a time and no more, unless it is exempt', () => {
  const connections = new PerAddress(2, (address) => address === '127.0.0.1');
  const enter = (address: string, times: number): boolean[] =>
    Array.from({ length: times }, () => connections.enter(address));
  expect(enter('10.0.0.1', 3)).toEqual([true, true, false]);
  expect(enter('::ffff:10.0.0.1', 1)).toEqual([false]);
  expect(enter('10.0.0.2', 1)).toEqual([true]);
  expect(enter('127.0.0.1', 3)).toEqual([true, true, true]);
  connections.leave('10.0.0.1');
  expect(enter('10.0.0.1', 2)).toEqual([true, false]);
});
