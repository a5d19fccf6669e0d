import { describe, expect, it } from '@jest/globals';
import { assertOutsideTransaction, insideTransaction } from './transaction-scope.js';

const call = async (): Promise<void> => {
  await Promise.resolve();
  assertOutsideTransaction('calling Redis');
};

describe('a call over the network', () => {
  it('is refused inside a transaction, however deep', async () => {
    await expect(insideTransaction(() => Promise.all([call()]))).rejects.toThrow(
      'calling Redis inside a database transaction',
    );
  });

  it('is allowed outside, also while another request is inside', async () => {
    await insideTransaction(() => Promise.resolve());
    await expect(call()).resolves.toBeUndefined();
  });
});
