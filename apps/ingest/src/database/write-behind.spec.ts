import { afterEach, beforeEach, expect, it, jest } from '@jest/globals';
import { createLogger } from '@hms/service-kit';
import { hospitalWith } from '../testing/telemetry-fakes.js';
import { type Pending, WriteBehind } from './write-behind.js';

class Tally implements Pending {
  count = 0;

  get isEmpty(): boolean {
    return this.count === 0;
  }
}

const hospital = hospitalWith(1);
const written: { at: number; count: number }[] = [];
let takesMs: number;
let fails: boolean;
let now: number;

beforeEach(() => {
  jest.useFakeTimers();
  written.length = 0;
  [takesMs, fails, now] = [0, false, performance.now()];
});
afterEach(() => void jest.useRealTimers());

const writeBehind = () =>
  new WriteBehind<Tally>({
    what: 'tallies',
    everyMs: 1_000,
    logger: createLogger('test', 'silent'),
    empty: () => new Tally(),
    write: async (_, { count }) => {
      written.push({ at: Math.round(performance.now() - now), count });
      if (takesMs > 0) await new Promise((resolve) => setTimeout(resolve, takesMs));
      if (fails) throw new Error('not now');
    },
    merge: (since, before) => {
      since.count += before.count;
    },
  });

it('what comes within a pause is written together, once', async () => {
  const behind = writeBehind();
  for (let i = 0; i < 5; i++) behind.of(hospital).count += 1;
  await jest.advanceTimersByTimeAsync(10_000);
  expect(written).toEqual([{ at: 1_000, count: 5 }]);
});

it('what could not be written is written after the next pause, with what came since', async () => {
  const behind = writeBehind();
  fails = true;
  behind.of(hospital).count += 1;
  await jest.advanceTimersByTimeAsync(1_000);
  fails = false;
  behind.of(hospital).count += 2;
  await jest.advanceTimersByTimeAsync(1_000);
  expect(written).toEqual([
    { at: 1_000, count: 1 },
    { at: 2_000, count: 3 },
  ]);
});

it('what takes longer than the pause is followed by one that is as long', async () => {
  const behind = writeBehind();
  takesMs = 3_000;
  behind.of(hospital).count += 1;
  await jest.advanceTimersByTimeAsync(1_500);
  behind.of(hospital).count += 1;
  await jest.advanceTimersByTimeAsync(10_000);
  expect(written.map(({ at }) => at)).toEqual([1_000, 7_000]);
});

it('what waits is written when it stops', async () => {
  const behind = writeBehind();
  behind.of(hospital).count += 1;
  await behind.stop();
  expect(written).toEqual([{ at: 0, count: 1 }]);
});
