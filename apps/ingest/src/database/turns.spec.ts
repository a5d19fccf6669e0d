import { describe, expect, it, jest } from '@jest/globals';
import { Turns } from './turns.js';

describe('a turn', () => {
  it('is given to who waits longest, as soon as one is given back', async () => {
    const turns = new Turns(1);
    const order: string[] = [];
    await turns.take();
    const waiting = ['first', 'second'].map((name) => turns.take().then(() => order.push(name)));
    turns.giveBack();
    await waiting[0];
    expect(order).toEqual(['first']);
    turns.giveBack();
    await waiting[1];
    turns.giveBack();
    await turns.take();
    expect(order).toEqual(['first', 'second']);
  });

  it('that does not come in time is refused with when to try again, and is not given to who left', async () => {
    jest.useFakeTimers();
    try {
      const turns = new Turns(1);
      await turns.take();
      const late = expect(turns.take()).rejects.toMatchObject({ code: 'service.busy' });
      jest.advanceTimersByTime(3_000);
      await late;
      turns.giveBack();
      await turns.take();
    } finally {
      jest.useRealTimers();
    }
  });
});
