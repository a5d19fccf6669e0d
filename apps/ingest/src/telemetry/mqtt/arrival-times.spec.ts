import { describe, expect, it } from '@jest/globals';
import { deliveryOf } from '../../testing/telemetry-fakes.js';
import { ArrivalTimes, type ArrivalMemory } from './arrival-times.js';

/** What Redis holds. */
function memoryOf(values = new Map<string, string>()): ArrivalMemory {
  return {
    hdel: (key, field) => Promise.resolve(values.delete(`${key} ${field}`)),
    hset: (key, field, value) => Promise.resolve(values.set(`${key} ${field}`, value)),
    hget: (key, field) => Promise.resolve(values.get(`${key} ${field}`) ?? null),
    expire: () => Promise.resolve(1),
  };
}
const gone: ArrivalMemory = {
  hdel: () => Promise.reject(new Error('gone')),
  hset: () => Promise.reject(new Error('gone')),
  hget: () => Promise.reject(new Error('gone')),
  expire: () => Promise.reject(new Error('gone')),
};

const message = deliveryOf({ messageId: 7 });
const again = deliveryOf({ messageId: 7, isDuplicate: true });

describe('a message that states no time', () => {
  it('was taken when it came first, however often it comes', async () => {
    const times = new ArrivalTimes('s', memoryOf(), 2);
    expect([await times.of(message, 100), await times.of(again, 200), await times.of(again, 300)]).toEqual([
      100, 100, 100,
    ]);
  });

  it('keeps its time when we are started anew, in its own session', async () => {
    const memory = memoryOf();
    await new ArrivalTimes('s', memory, 2).of(message, 100);
    expect(await new ArrivalTimes('s', memory, 2).of(again, 200)).toBe(100);
    expect(await new ArrivalTimes('other', memory, 2).of(again, 200)).toBe(200);
  });

  it('is another one under the same identifier when it was not sent before, or says something else', async () => {
    const times = new ArrivalTimes('s', memoryOf(), 2);
    await times.of(message, 100);
    expect(await times.of(message, 200)).toBe(200);
    expect(await times.of(again, 300)).toBe(200);
    expect(await times.of({ ...again, payload: Buffer.from('other') }, 400)).toBe(400);
    expect(await times.of({ ...again, topic: 'other' }, 500)).toBe(500);
  });

  it('has a time without Redis too', async () => {
    const times = new ArrivalTimes('s', gone, 2);
    expect([await times.of(message, 100), await times.of(again, 200)]).toEqual([100, 100]);
    expect(await new ArrivalTimes('s', gone, 2).of(again, 300)).toBe(300);
  });

  it('is forgotten once the broker must have heard that it was acknowledged, and no sooner', async () => {
    const values = new Map<string, string>();
    const memory = memoryOf(values);
    const times = new ArrivalTimes('s', memory, 2);
    const numbered = (messageId: number) => deliveryOf({ messageId });
    for (const messageId of [1, 2, 3]) {
      await times.of(numbered(messageId), 100 * messageId);
      times.settled(numbered(messageId));
    }
    expect([...values.keys()]).toEqual(['ingest:mqtt:s 2', 'ingest:mqtt:s 3']);
    const [known, forgotten] = [2, 1].map((messageId) => ({ ...numbered(messageId), isDuplicate: true }));
    expect([known && (await times.of(known, 900)), forgotten && (await times.of(forgotten, 900))]).toEqual([200, 900]);
  });

  it('is not forgotten for one that had its identifier before', async () => {
    const times = new ArrivalTimes('s', memoryOf(), 1);
    const other = deliveryOf({ messageId: 8 });
    await times.of(message, 100);
    times.settled(message);
    await times.of(message, 200);
    await times.of(other, 250);
    times.settled(other);
    expect(await times.of(again, 300)).toBe(200);
  });
});
