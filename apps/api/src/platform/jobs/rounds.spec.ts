import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { Rounds } from './rounds.js';

const pauseMs = 1_000;
let errors: unknown[];

beforeEach(() => {
  jest.useFakeTimers();
  errors = [];
});
afterEach(() => {
  jest.useRealTimers();
});

const roundsOf = (work: () => Promise<boolean>) => new Rounds(work, pauseMs, (err) => errors.push(err));

describe('rounds', () => {
  it('follow each other after the pause, or at once when there is more', async () => {
    const work = jest.fn<() => Promise<boolean>>().mockResolvedValueOnce(true).mockResolvedValue(false);
    const rounds = roundsOf(work);
    rounds.start();
    await jest.advanceTimersByTimeAsync(0);
    expect(work).toHaveBeenCalledTimes(2);
    await jest.advanceTimersByTimeAsync(pauseMs - 1);
    expect(work).toHaveBeenCalledTimes(2);
    await jest.advanceTimersByTimeAsync(1);
    expect(work).toHaveBeenCalledTimes(3);
    await rounds.stop();
  });

  it('go on after one that failed', async () => {
    const work = jest.fn<() => Promise<boolean>>().mockRejectedValueOnce(new Error('not now')).mockResolvedValue(false);
    const rounds = roundsOf(work);
    rounds.start();
    await jest.advanceTimersByTimeAsync(pauseMs);
    expect([work.mock.calls.length, errors]).toEqual([2, [new Error('not now')]]);
    await rounds.stop();
  });

  it('end with the one under way when they are stopped, and none comes after it', async () => {
    let end = (_: boolean): void => undefined;
    const work = jest.fn(() => new Promise<boolean>((resolve) => (end = resolve)));
    const rounds = roundsOf(work);
    rounds.start();
    let stopped = false;
    const stopping = rounds.stop().then(() => (stopped = true));
    await jest.advanceTimersByTimeAsync(pauseMs);
    expect([rounds.stopped, stopped]).toEqual([true, false]);
    end(true);
    await stopping;
    await jest.advanceTimersByTimeAsync(pauseMs);
    expect(work).toHaveBeenCalledTimes(1);
  });
});
