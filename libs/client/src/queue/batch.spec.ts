import { describe, expect, it } from '@jest/globals';
import { limits } from '../limits.js';
import { opOf } from '../testing/ops.js';
import { nextBatch } from './batch.js';

const seqs = (...args: Parameters<typeof nextBatch>): number[] => nextBatch(...args).map(({ seq }) => seq);
const large = { patch: { text: 'x'.repeat(60_000) } };

describe('the next batch', () => {
  it('is the front of the queue, as many as the server takes', () => {
    const queue = [opOf(4), opOf(5), opOf(6)];
    expect(seqs(queue, 2)).toEqual([4, 5]);
    expect(seqs(queue, 200)).toEqual([4, 5, 6]);
    expect(seqs([], 200)).toEqual([]);
  });

  it('fits into a body', () => {
    const queue = Array.from({ length: 40 }, (_, index) => opOf(index + 1, large));
    const batch = nextBatch(queue, 200);
    expect(JSON.stringify(batch).length).toBeLessThan(limits.bodyBytes);
    expect(batch.length).toBeGreaterThan(10);
  });

  it('never divides a group', () => {
    const queue = [opOf(1), opOf(2, { group: 'g' }), opOf(3, { group: 'g' }), opOf(4, { group: 'h' })];
    expect(seqs(queue, 2)).toEqual([1]);
    expect(seqs(queue, 3)).toEqual([1, 2, 3]);
    expect(seqs(queue.slice(1), 1)).toEqual([2, 3]);
  });

  it('takes ops of one group apart when others are between', () => {
    expect(seqs([opOf(1, { group: 'g' }), opOf(2), opOf(3, { group: 'g' })], 2)).toEqual([1, 2]);
  });
});
