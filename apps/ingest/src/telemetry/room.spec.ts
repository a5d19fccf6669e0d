import { expect, it } from '@jest/globals';
import { Room } from './room.js';

it('a session always has the room that is its own, however much the others hold', () => {
  const room = new Room({ shared: 100, each: 10 });
  const [greedy, modest] = [room.share(), room.share()];
  expect([greedy.enter(110), greedy.enter(1)]).toEqual([true, false]);
  expect([modest.enter(6), modest.enter(4), modest.enter(1)]).toEqual([true, true, false]);
  greedy.leave(60);
  expect([modest.enter(60), greedy.enter(1)]).toEqual([true, false]);
  for (const bytes of [6, 4, 60]) modest.leave(bytes);
  expect(greedy.enter(60)).toBe(true);
});
