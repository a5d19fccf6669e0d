import { describe, expect, it } from '@jest/globals';
import { LateError, within } from './within.js';

const never = new Promise<never>(() => undefined);
const spin = (ms: number): void => {
  for (const end = performance.now() + ms; performance.now() < end;);
};

describe('waiting for another system', () => {
  it('ends with its answer or its failure', async () => {
    await expect(within(Promise.resolve(1), 5)).resolves.toBe(1);
    await expect(within(Promise.reject(new Error('refused')), 5)).rejects.toThrow('refused');
  });

  it('ends when it does not answer', async () => {
    await expect(within(never, 5)).rejects.toThrow(LateError);
  });

  it('goes on when it was this process that had no time', async () => {
    const answer = new Promise<string>((resolve) => setTimeout(() => setTimeout(resolve, 2, 'here'), 5));
    const waiting = within(answer, 5);
    spin(30);
    await expect(waiting).resolves.toBe('here');
  });
});
