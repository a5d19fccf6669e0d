import { describe, expect, it } from '@jest/globals';
import type { Replica } from './replicas.js';
import { keysBetween, readCheckpoint, turned, writeCheckpoint } from './rxdb-checkpoint.js';

const replica = (no: number, keys: readonly string[], shown = 'a'): Replica => ({
  no,
  feed: 'f',
  epoch: 1,
  keys: [...keys],
  shown: { notes: shown },
});

describe('a checkpoint', () => {
  it('comes back as it went', () => {
    const checkpoint = { r: 2, p: 2 ** 40, n: { a: null, k: 'added' as const }, w: [1], b: '123' };
    expect(readCheckpoint(writeCheckpoint(checkpoint))).toEqual(checkpoint);
  });

  it.each(['', 'x', Buffer.from('{"r":0,"p":1}').toString('base64url')])('that is none, %j, is none', (text) => {
    expect(readCheckpoint(text)).toBeUndefined();
  });

  it('of another scope goes on from where it is, and has what came or went sent anew', () => {
    const next = turned({ r: 1, p: 50 }, replica(1, ['ward:a']), replica(2, ['ward:b']), 'notes');
    expect(next).toEqual({ r: 2, p: 50, n: { a: null, k: 'added' }, w: [1] });
  });

  it('of other fields has everything sent anew', () => {
    const next = turned({ r: 1, p: 50 }, replica(1, ['ward:a']), replica(2, ['ward:a'], 'b'), 'notes');
    expect(next.n).toEqual({ a: null });
  });

  it('in the middle of its first snapshot begins anew', () => {
    const next = turned({ r: 1, p: 50, n: { a: 'x' } }, replica(1, ['ward:a']), replica(2, ['ward:b']), 'notes');
    expect(next.n).toEqual({ a: null });
  });

  it('remembers all it was before, when it turns on its way, and what is still to be taken back', () => {
    const next = turned({ r: 2, p: 50, w: [1], b: '9' }, replica(2, ['ward:b']), replica(3, ['ward:c']), 'notes');
    expect(next).toEqual({ r: 3, p: 50, n: { a: null, k: 'added' }, w: [1, 2] });
  });
});

it('between replicas rows of all keys are looked at; those of keys that all had need not be sent anew', () => {
  const { all, moved } = keysBetween(
    [replica(1, ['ward:a', 'ward:k']), replica(2, ['ward:b', 'ward:k'])],
    replica(3, ['ward:c', 'ward:k']),
  );
  expect(all).toEqual(['ward:a', 'ward:b', 'ward:c', 'ward:k']);
  expect([...moved].sort()).toEqual(['ward:a', 'ward:b', 'ward:c']);
});
