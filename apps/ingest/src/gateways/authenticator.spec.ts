import { formatGatewayKey, newGatewayKey } from '@hms/auth';
import { describe, expect, it } from '@jest/globals';
import { Hospital } from '../hospitals/hospital.js';
import { Authenticator } from './authenticator.js';
import type { Caller } from './caller.js';

const hospital = (): Hospital => {
  const own = new Hospital('01900000-0000-7000-8000-000000000001', 'north');
  own.observeEpoch(1);
  return own;
};
const key = newGatewayKey();
const header = `Bearer ${formatGatewayKey(key)}`;

function setUp(change: Partial<Caller> = {}) {
  const own = hospital();
  const state = {
    lookups: 0,
    now: 1_000,
    trust: { trustworthy: true },
    answer: (): Promise<Caller | undefined> =>
      Promise.resolve({
        keyId: key.keyId,
        gatewayId: 'gw',
        hospital: own,
        hospitalActive: true,
        isCritical: false,
        expiresAt: Infinity,
        epoch: own.epoch,
        ...change,
      }),
  };
  const find = (): Promise<Caller | undefined> => {
    state.lookups++;
    return state.answer();
  };
  return { state, own, authenticator: new Authenticator({ find }, state.trust, () => state.now) };
}

const code = (expected: string): object => expect.objectContaining({ code: expected });

describe('a known key', () => {
  it('is looked up once while its hospital stands still, and again when its epoch moved', async () => {
    const { state, own, authenticator } = setUp();
    const caller = await authenticator.authenticate(header);
    expect(authenticator.authenticate(header)).toBe(caller);
    expect(state.lookups).toBe(1);
    own.observeEpoch(2);
    await authenticator.authenticate(header);
    expect(state.lookups).toBe(2);
  });

  it('is looked up once by all who come with it at once', async () => {
    const { state, authenticator } = setUp();
    await Promise.all([authenticator.authenticate(header), authenticator.authenticate(header)]);
    expect(state.lookups).toBe(1);
  });

  it('is refused from the moment it expires, without a lookup', async () => {
    const { state, authenticator } = setUp({ expiresAt: 2_000 });
    await authenticator.authenticate(header);
    state.now = 2_000;
    expect(() => authenticator.authenticate(header)).toThrow(code('auth.unauthenticated'));
    expect(state.lookups).toBe(1);
  });

  it('of a hospital that is not active is told so', async () => {
    const { authenticator } = setUp({ hospitalActive: false });
    await expect(authenticator.authenticate(header)).rejects.toEqual(code('hospital.suspended'));
    expect(() => authenticator.authenticate(header)).toThrow(code('hospital.suspended'));
  });

  it('is refused with 503 while a revocation could have been missed', async () => {
    const { state, authenticator } = setUp();
    await authenticator.authenticate(header);
    state.trust.trustworthy = false;
    expect(() => authenticator.authenticate(header)).toThrow(code('service.unavailable'));
  });
});

describe('an unknown key', () => {
  it('is remembered as such for a moment', async () => {
    const { state, authenticator } = setUp();
    state.answer = () => Promise.resolve(undefined);
    await expect(authenticator.authenticate(header)).rejects.toEqual(code('auth.unauthenticated'));
    expect(() => authenticator.authenticate(header)).toThrow(code('auth.unauthenticated'));
    expect(state.lookups).toBe(1);
  });

  it.each(['', 'Bearer', 'Bearer dk_x_y', header.replace('Bearer', 'Token'), `${header} `])(
    'that has not the form of one costs no lookup: %j',
    (malformed) => {
      const { state, authenticator } = setUp();
      expect(() => authenticator.authenticate(malformed)).toThrow(code('auth.unauthenticated'));
      expect(state.lookups).toBe(0);
    },
  );

  it('that cannot be looked up is refused with 503, and looked up again', async () => {
    const { state, authenticator } = setUp();
    const { answer } = state;
    state.answer = () => Promise.reject(new Error('away'));
    await expect(authenticator.authenticate(header)).rejects.toEqual(code('service.unavailable'));
    state.answer = answer;
    await expect(authenticator.authenticate(header)).resolves.toMatchObject({ gatewayId: 'gw' });
  });

  describe('after twenty others from its address', () => {
    const headers = Array.from({ length: 21 }, () => `Bearer ${formatGatewayKey(newGatewayKey())}`);
    const [last = '', ...wrong] = headers;
    const here = (): string => '198.51.100.7';

    async function setUpTried() {
      const all = setUp();
      const { state, authenticator } = all;
      const { answer } = state;
      await authenticator.authenticate(header, here);
      state.answer = () => Promise.resolve(undefined);
      for (const each of wrong)
        await expect(authenticator.authenticate(each, here)).rejects.toEqual(code('auth.unauthenticated'));
      state.answer = answer;
      return { ...all, asked: state.lookups };
    }

    it('is refused with 429, without a lookup, until a minute has passed', async () => {
      const { state, authenticator, asked } = await setUpTried();
      state.now += 20_000;
      expect(() => authenticator.authenticate(last, here)).toThrow(code('rate.limited'));
      expect(() => authenticator.authenticate(last, here)).toThrow(
        expect.objectContaining({ details: { retryAfter: 40 } }),
      );
      expect(state.lookups).toBe(asked);
      state.now += 40_000;
      await expect(authenticator.authenticate(last, here)).resolves.toMatchObject({ gatewayId: 'gw' });
    });

    it('is looked up when it comes from elsewhere, or from where no address counts', async () => {
      const { authenticator } = await setUpTried();
      await expect(authenticator.authenticate(last, () => '198.51.100.8')).resolves.toBeDefined();
      const other = await setUpTried();
      await expect(other.authenticator.authenticate(last)).resolves.toBeDefined();
    });

    it('keeps out no key that is known, also when its hospital changed', async () => {
      const { own, authenticator } = await setUpTried();
      expect(authenticator.authenticate(header, here)).toMatchObject({ gatewayId: 'gw' });
      own.observeEpoch(2);
      await expect(authenticator.authenticate(header, here)).resolves.toMatchObject({ gatewayId: 'gw' });
    });
  });

  it('counts once, however often it comes', async () => {
    const { state, authenticator } = setUp();
    const here = (): string => '198.51.100.7';
    const { answer } = state;
    state.answer = () => Promise.resolve(undefined);
    for (let i = 0; i < 25; i++) {
      state.now += 2_001;
      await expect(authenticator.authenticate(header, here)).rejects.toEqual(code('auth.unauthenticated'));
    }
    state.answer = answer;
    const other = `Bearer ${formatGatewayKey(newGatewayKey())}`;
    await expect(authenticator.authenticate(other, here)).resolves.toMatchObject({ gatewayId: 'gw' });
  });

  it('pushes out nobody who is known, however many there are', async () => {
    const { state, authenticator } = setUp();
    const caller = await authenticator.authenticate(header);
    state.answer = () => Promise.resolve(undefined);
    for (let i = 0; i < 25_000; i++) {
      const wrong = `Bearer ${formatGatewayKey(newGatewayKey())}`;
      await Promise.resolve(authenticator.authenticate(wrong)).catch(() => undefined);
    }
    expect(authenticator.authenticate(header)).toBe(caller);
  });

  it('among many shares few lookups with them', () => {
    const { state, authenticator } = setUp();
    state.answer = () => new Promise(() => undefined);
    const attempt = (): unknown => authenticator.authenticate(`Bearer ${formatGatewayKey(newGatewayKey())}`);
    for (let i = 0; i < 16; i++) attempt();
    expect(attempt).toThrow(code('service.busy'));
    expect(state.lookups).toBe(16);
  });
});
