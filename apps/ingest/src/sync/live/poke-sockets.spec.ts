import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { commonError, permissionsOf, syncLiveClosing } from '@hms/contracts';
import type { Logger } from '@hms/service-kit';
import type { WebSocket } from 'uWebSockets.js';
import { hospitalWith } from '../../testing/telemetry-fakes.js';
import type { SyncActor } from '../access/sync-actor.js';
import { type PokeParts, PokeSockets } from './poke-sockets.js';
import { Subscribers } from './subscribers.js';

beforeEach(() => {
  jest.useFakeTimers();
});
afterEach(() => {
  jest.useRealTimers();
});

const actor = { hospital: hospitalWith(1), permissions: permissionsOf(['doctor']) } as unknown as SyncActor;
const device = '01900000-0000-7000-8000-000000000001';

/** Sockets over an authenticator that says what the test says. */
async function listening() {
  const state = { ver: 'one' as string | undefined, denied: false, away: false };
  const parts = {
    authenticator: {
      authenticate: () => {
        if (state.away) return Promise.reject(commonError('service.unavailable'));
        return state.denied ? Promise.reject(commonError('auth.unauthenticated')) : Promise.resolve(actor);
      },
    },
    quiet: { find: () => Promise.resolve(state.ver && { scope: { keys: ['ward:1'], ver: state.ver } }) },
    subscribers: new Subscribers(),
    logger: { error: () => undefined } as unknown as Logger,
  } as unknown as PokeParts;
  const sockets = new PokeSockets(parts);
  const { admit, behavior } = sockets.route;
  const data = await admit({} as Parameters<typeof admit>[0]);
  const closed: number[] = [];
  const socket = {
    getUserData: () => data,
    send: () => 1,
    end: (code: number) => {
      closed.push(code);
      behavior.close?.(socket, code, new ArrayBuffer());
    },
  } as unknown as WebSocket<typeof data>;
  void behavior.open?.(socket);
  const greet = async (): Promise<void> => {
    const hello = Buffer.from(JSON.stringify({ v: 1, token: 't', device }));
    void behavior.message?.(socket, Uint8Array.from(hello).buffer, false);
    await jest.advanceTimersByTimeAsync(0);
  };
  return { state, greet, closed, sockets, parts };
}

describe('a device that listens', () => {
  it.each([
    ['has to sync when what it may hold changed', { ver: 'two' }, syncLiveClosing.syncFirst],
    ['has to sync when it is revoked', { ver: undefined }, syncLiveClosing.syncFirst],
    ['is closed when its session ended', { denied: true }, syncLiveClosing.unauthenticated],
  ])('%s', async (_, change, code) => {
    const { state, greet, closed, sockets, parts } = await listening();
    await greet();
    expect(parts.subscribers.size).toBe(1);
    await jest.advanceTimersByTimeAsync(61_000);
    expect(closed).toEqual([]);
    Object.assign(state, change);
    await jest.advanceTimersByTimeAsync(61_000);
    expect([closed, sockets.size, parts.subscribers.size]).toEqual([[code], 0, 0]);
    sockets.stop();
  });

  it('keeps listening while it cannot be asked whether it may', async () => {
    const { state, greet, closed, sockets } = await listening();
    await greet();
    state.away = true;
    await jest.advanceTimersByTimeAsync(61_000);
    expect(closed).toEqual([]);
    sockets.stop();
  });

  it('says who it is soon, or is closed', async () => {
    const { closed, sockets } = await listening();
    await jest.advanceTimersByTimeAsync(10_001);
    expect(closed).toEqual([syncLiveClosing.unauthenticated]);
    sockets.stop();
  });
});
