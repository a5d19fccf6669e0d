import { describe, expect, it } from '@jest/globals';
import { RecentBatches } from './recent-batches.js';
import type { Answer } from './submission.js';

const answer: Answer = {
  receipt: { accepted: 1, duplicates: 0, unassigned: 0, rejected: [], rejectedTotal: 0 },
  replayed: false,
};

describe('equal batches', () => {
  it('are stored once and answered alike, the later ones as replays', async () => {
    const recent = new RecentBatches();
    let stored = 0;
    const store = (): Promise<Answer> => {
      stored++;
      return Promise.resolve(answer);
    };
    const answers = await Promise.all([1, 2, 3].map(() => recent.once('gw k', 5n, store)));
    answers.push(await recent.once('gw k', 5n, store));
    expect(stored).toBe(1);
    expect(answers.map(({ replayed }) => replayed)).toEqual([false, true, true, true]);
    for (const { receipt } of answers) expect(receipt).toBe(answer.receipt);
  });

  it('are stored when the first of them was not', async () => {
    const recent = new RecentBatches();
    const failing = recent.once('gw k', 5n, () => Promise.reject(new Error('no')));
    await expect(recent.once('gw k', 5n, () => Promise.resolve(answer))).rejects.toThrow('no');
    await expect(failing).rejects.toThrow('no');
    await expect(recent.once('gw k', 5n, () => Promise.resolve(answer))).resolves.toEqual(answer);
  });

  it('that only share a key are refused', async () => {
    const recent = new RecentBatches();
    await recent.once('gw k', 5n, () => Promise.resolve(answer));
    await expect(recent.once('gw k', 6n, () => Promise.resolve(answer))).rejects.toMatchObject({
      code: 'telemetry.batch-key-reused',
    });
  });
});
