import { describe, expect, it } from '@jest/globals';
import { deliveryOf } from '../../testing/telemetry-fakes.js';
import { ArrivalTimes, type ArrivalMemory } from './arrival-times.js';

/** What Redis holds. */
function memoryOf(): ArrivalMemory {
  const values = new Map<string, string>();
  return {
    hset: (key, field, value) => Promise.resolve(values.set(`${key} ${field}`, value)),
    hget: (key, field) => Promise.resolve(values.get(`${key} ${field}`) ?? null),
    expire: () => Promise.resolve(1),
  };
}
const gone: ArrivalMemory = {
  hset: () => Promise.reject(new Error('gone')),
  hget: () => Promise.reject(new Error('gone')),
  expire: () => Promise.reject(new Error('gone')),
};

const message = deliveryOf({ messageId: 7 });
const again = deliveryOf({ messageId: 7, isDuplicate: true });

describe('a message that states no time', () => {
  it('was taken when it came first, however often it comes', async () => {
    const times = new ArrivalTimes('s', memoryOf());
    expect([await times.of(message, 100), await times.of(again, 200), await times.of(again, 300)]).toEqual([
      100, 100, 100,
    ]);
  });

  it('keeps its time when we are started anew, in its own session', async () => {
    const memory = memoryOf();
    await new ArrivalTimes('s', memory).of(message, 100);
    expect(await new ArrivalTimes('s', memory).of(again, 200)).toBe(100);
    expect(await new ArrivalTimes('other', memory).of(again, 200)).toBe(200);
  });

  it('is another one under the same identifier when it was not sent before, or says something else', async () => {
    const times = new ArrivalTimes('s', memoryOf());
    await times.of(message, 100);
    expect(await times.of(message, 200)).toBe(200);
    expect(await times.of(again, 300)).toBe(200);
    expect(await times.of({ ...again, payload: Buffer.from('other') }, 400)).toBe(400);
    expect(await times.of({ ...again, topic: 'other' }, 500)).toBe(500);
  });

  it('has a time without Redis too', async () => {
    const times = new ArrivalTimes('s', gone);
    expect([await times.of(message, 100), await times.of(again, 200)]).toEqual([100, 100]);
    expect(await new ArrivalTimes('s', gone).of(again, 300)).toBe(300);
  });
});
