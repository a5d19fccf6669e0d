import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { createLogger } from '@hms/service-kit';
import { SessionActivity } from './session-activity.service.js';
import type { SessionRepository } from './session.repository.js';

const logger = createLogger('test', 'silent');

function activity() {
  const touch = jest.fn<SessionRepository['touch']>().mockResolvedValue();
  return { touch, activity: new SessionActivity({ touch } as unknown as SessionRepository, logger) };
}

beforeEach(() => void jest.useFakeTimers({ doNotFake: ['performance'] }));
afterEach(() => void jest.useRealTimers());

describe('the use of sessions', () => {
  it('is recorded together, each session once', async () => {
    const { touch, activity: kept } = activity();
    for (const id of ['a', 'b', 'a']) kept.seen(id);
    expect(touch).not.toHaveBeenCalled();
    await jest.advanceTimersByTimeAsync(1_000);
    expect(touch.mock.calls.map(([ids]) => ids)).toEqual([['a', 'b']]);
    kept.seen('a');
    await jest.advanceTimersByTimeAsync(1_000);
    expect(touch).toHaveBeenCalledTimes(1);
  });

  it('is recorded again when the database did not take it', async () => {
    const { touch, activity: kept } = activity();
    touch.mockRejectedValueOnce(new Error('away'));
    kept.seen('a');
    await jest.advanceTimersByTimeAsync(1_000);
    kept.seen('a');
    await jest.advanceTimersByTimeAsync(1_000);
    expect(touch).toHaveBeenCalledTimes(2);
  });

  it('is recorded before the process ends', async () => {
    const { touch, activity: kept } = activity();
    kept.seen('a');
    await kept.beforeApplicationShutdown();
    expect(touch).toHaveBeenCalledTimes(1);
  });
});
