import { describe, expect, it } from '@jest/globals';
import { syncLimits, syncProtocol, syncSchema } from '@hms/contracts';
import { limits, protocol, schema } from './limits.js';

describe('the limits of the client', () => {
  it('are those of the contract', () => {
    expect(syncLimits).toMatchObject(limits);
    expect([protocol, schema]).toEqual([syncProtocol, syncSchema]);
  });
});
