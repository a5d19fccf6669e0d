import { describe, expect, it } from '@jest/globals';
import { createLogger } from '@hms/service-kit';
import type { Lane } from '../database/lane.js';
import { EpochWatch } from './epoch-watch.js';
import { Hospitals } from './hospitals.js';

const id = '01900000-0000-7000-8000-000000000001';

function setUp(): {
  watch: EpochWatch;
  hospitals: Hospitals;
  clock: { now: number };
  answers: (() => Promise<unknown>)[];
} {
  const clock = { now: 0 };
  const answers: (() => Promise<unknown>)[] = [];
  const lane = { run: () => answers.shift()?.() ?? Promise.reject(new Error('away')) } as unknown as Lane;
  const hospitals = new Hospitals();
  return {
    watch: new EpochWatch(lane, hospitals, createLogger('test', 'silent'), () => clock.now),
    hospitals,
    clock,
    answers,
  };
}

const epochs = (epoch: number) => (): Promise<unknown> => Promise.resolve([{ hospital_id: id, epoch: String(epoch) }]);

describe('what is remembered of a hospital', () => {
  it('is trusted for 5 s after the database was asked, and no longer', async () => {
    const { watch, clock, answers } = setUp();
    expect(watch.trustworthy).toBe(false);
    answers.push(() => {
      clock.now = 1_000;
      return epochs(1)();
    });
    expect(await watch.ask()).toBe(true);
    clock.now = 4_999;
    expect(watch.trustworthy).toBe(true);
    clock.now = 5_000;
    expect(watch.trustworthy).toBe(false);
    expect(await watch.ask()).toBe(false);
    expect(watch.trustworthy).toBe(false);
  });

  it('is outdated once the epoch moved, and never goes back', async () => {
    const { watch, hospitals, answers } = setUp();
    const hospital = hospitals.of(id, 'north');
    for (const [seen, expected] of [
      [3, 3],
      [7, 7],
      [5, 7],
    ] as const) {
      answers.push(epochs(seen));
      await watch.ask();
      expect(hospital.epoch).toBe(expected);
    }
  });
});

describe('asking', () => {
  it('while a question is open waits for the answer to another, which all who ask then share', async () => {
    const { watch, answers } = setUp();
    const asked: number[] = [];
    const gates: (() => void)[] = [];
    for (const n of [1, 2]) {
      answers.push(() => {
        asked.push(n);
        return new Promise((resolve) => gates.push(() => resolve([])));
      });
    }
    const first = watch.ask();
    const [second, third] = [watch.ask(), watch.ask()];
    expect(asked).toEqual([1]);
    gates[0]?.();
    await first;
    await Promise.resolve();
    expect(asked).toEqual([1, 2]);
    gates[1]?.();
    expect(await Promise.all([second, third])).toEqual([true, true]);
    expect(asked).toEqual([1, 2]);
  });
});
