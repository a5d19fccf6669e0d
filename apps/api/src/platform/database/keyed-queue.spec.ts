import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { KeyedQueue } from './keyed-queue.js';

describe('a queue by key', () => {
  it('begins what has one key in order, never more of it at once than is wanted, also when some of it fails', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.scheduler(),
        fc.array(fc.record({ key: fc.constantFrom('a', 'b'), fails: fc.boolean() }), { minLength: 1, maxLength: 12 }),
        fc.integer({ min: 1, max: 3 }),
        async (scheduler, jobs, width) => {
          const queue = new KeyedQueue(width);
          const running = new Map<string, number>();
          const begun: number[] = [];
          let most = 0;
          const results = jobs.map(({ key, fails }, i) =>
            queue.run(key, async () => {
              running.set(key, (running.get(key) ?? 0) + 1);
              begun.push(i);
              most = Math.max(most, running.get(key) ?? 0);
              await scheduler.schedule(Promise.resolve());
              running.set(key, (running.get(key) ?? 0) - 1);
              if (fails) throw new Error('failed');
            }),
          );
          await scheduler.waitFor(Promise.allSettled(results));
          for (const key of ['a', 'b']) {
            const ofKey = (i: number): boolean => jobs[i]?.key === key;
            expect(begun.filter(ofKey)).toEqual(jobs.map((_, i) => i).filter(ofKey));
          }
          expect(begun).toHaveLength(jobs.length);
          expect(most).toBeLessThanOrEqual(width);
        },
      ),
    );
  });
});
