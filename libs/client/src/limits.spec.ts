import { describe, expect, it } from '@jest/globals';
import { syncLimits, syncLiveClosing, syncProtocol, syncSchema } from '@hms/contracts';
import { limits, liveClosing, protocol, schema } from './limits.js';

describe('the limits of the client', () => {
  it('are those of the contract', () => {
    expect(syncLimits).toMatchObject(limits);
    expect(syncLiveClosing).toMatchObject(liveClosing);
    expect([protocol, schema]).toEqual([syncProtocol, syncSchema]);
  });
});
