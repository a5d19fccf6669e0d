import { describe, expect, it, jest } from '@jest/globals';
import type { FeedEntry } from '../relay/feed-ring.js';
import { Subscribers } from './subscribers.js';

const entry = (pos: number, keys: readonly string[], entity = 5, hospitalId = 'h'): FeedEntry => ({
  ...{ pos, keys, entity, hospitalId, rowId: `r${pos}` },
});

function subscribed(keys: readonly string[], { hospitalId = 'h', entities = [4, 5] } = {}) {
  const told: (readonly [number, readonly number[]])[] = [];
  const tell = (pos: number, numbers: readonly number[]): number => told.push([pos, numbers]);
  return { told, subscriber: { hospitalId, keys, entities: new Set(entities), tell } };
}

describe('who holds a row by one of its keys', () => {
  it('is told when it changes, and nobody else is: neither of another ward, nor of another hospital', () => {
    const subscribers = new Subscribers();
    const all = [subscribed(['ward:1']), subscribed(['ward:2']), subscribed(['ward:1'], { hospitalId: 'g' })] as const;
    for (const { subscriber } of all) subscribers.add(subscriber);
    subscribers.onChanges([entry(7, ['hospital', 'ward:1'])]);
    expect(all.map(({ told }) => told)).toEqual([[[7, [5]]], [], []]);
    for (const { subscriber } of all) subscribers.delete(subscriber);
    subscribers.onChanges([entry(8, ['ward:1', 'ward:2'])]);
    expect(all.map(({ told }) => told.length)).toEqual([1, 0, 0]);
    expect(subscribers.size).toBe(0);
  });

  it('is not told of what they may not read', () => {
    const subscribers = new Subscribers();
    const one = subscribed(['ward:1'], { entities: [4] });
    subscribers.add(one.subscriber);
    subscribers.onChanges([entry(7, ['ward:1'], 5)]);
    expect(one.told).toEqual([]);
  });

  it('is told once of much, and of what follows shortly after together', () => {
    jest.useFakeTimers();
    let now = 0;
    const subscribers = new Subscribers(() => now);
    const one = subscribed(['ward:1', 'patient:1']);
    subscribers.add(one.subscriber);
    subscribers.onChanges([entry(1, ['ward:1', 'patient:1']), entry(2, ['ward:1'])]);
    expect(one.told).toEqual([[2, [5]]]);
    for (const pos of [3, 4, 5]) subscribers.onChanges([entry(pos, ['ward:1'], pos === 3 ? 4 : 5)]);
    expect(one.told).toHaveLength(1);
    now = 260;
    jest.advanceTimersByTime(60);
    expect(one.told.slice(1)).toEqual([[5, [4, 5]]]);
    jest.useRealTimers();
  });

  it('is told, like everybody, when it is not known what changed', () => {
    const subscribers = new Subscribers();
    const one = subscribed(['ward:1']);
    subscribers.add(one.subscriber);
    subscribers.onUnknown(9);
    expect(one.told).toEqual([[9, [4, 5]]]);
  });
});
