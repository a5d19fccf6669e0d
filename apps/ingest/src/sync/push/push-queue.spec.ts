import { describe, expect, it } from '@jest/globals';
import { hospitalWith } from '../../testing/telemetry-fakes.js';
import { PushQueue } from './push-queue.js';
import type { PushAnswer, PushRequest } from './push-request.js';
import type { PushOutcome } from './push-writer.js';

const hospital = hospitalWith(1);
const answer = { results: [], lastSeq: 0 } as unknown as PushAnswer;

const request = (deviceId: string, { attempt = 1, ops = 1, from = hospital } = {}): PushRequest =>
  ({ actor: { hospital: from }, deviceId, attempt, ops: Array.from({ length: ops }) }) as unknown as PushRequest;

/** A writer whose transactions end when the test says so. */
class Writer {
  readonly transactions: { readonly devices: readonly string[]; readonly end: (fails?: boolean) => void }[] = [];

  push = (_: unknown, requests: readonly PushRequest[]): Promise<readonly PushOutcome[]> =>
    new Promise((resolve, reject) => {
      const outcome = ({ deviceId }: PushRequest): PushOutcome =>
        deviceId === 'unknown'
          ? { status: 'rejected', reason: new Error('unknown device') }
          : { status: 'fulfilled', value: answer };
      const end = (fails = false): void => {
        if (fails) reject(new Error('away'));
        else resolve(requests.map(outcome));
      };
      this.transactions.push({ devices: requests.map(({ deviceId }) => deviceId), end });
    });

  get devices(): (readonly string[])[] {
    return this.transactions.map(({ devices }) => devices);
  }

  /** Ends the transaction, and lets what follows from it happen. */
  async end(index: number, fails = false): Promise<void> {
    this.transactions[index]?.end(fails);
    await new Promise(setImmediate);
  }
}

describe('pushes of a hospital', () => {
  it('begin at once while little is to do, and share a transaction when there is much', async () => {
    const writer = new Writer();
    const queue = new PushQueue(writer);
    const pushes = ['a', 'b', 'c', 'd', 'e'].map((device) => queue.push(request(device)));
    expect(writer.devices).toEqual([['a'], ['b']]);
    await writer.end(0);
    expect(writer.devices).toEqual([['a'], ['b'], ['c', 'd', 'e']]);
    await writer.end(1);
    await writer.end(2);
    expect(await Promise.all(pushes)).toHaveLength(5);
  });

  it('of one device are made one after another, in the order they came', async () => {
    const writer = new Writer();
    const queue = new PushQueue(writer);
    for (const device of ['a', 'a', 'b', 'a']) void queue.push(request(device));
    expect(writer.devices).toEqual([['a'], ['b']]);
    await writer.end(0);
    expect(writer.devices.at(-1)).toEqual(['a']);
    await writer.end(2);
    expect(writer.devices).toHaveLength(4);
  });

  it('that need care, or are very large, share with nobody', async () => {
    const writer = new Writer();
    const queue = new PushQueue(writer);
    const waiting = [request('c', { attempt: 3 }), request('d', { ops: 450 }), request('e', { ops: 51 }), request('f')];
    for (const one of [request('a'), request('b'), ...waiting]) void queue.push(one);
    for (let i = 0; i < 5; i++) await writer.end(i);
    expect(writer.devices).toEqual([['a'], ['b'], ['c'], ['d', 'f'], ['e']]);
  });

  it('whose ops are made in the transaction, which they may undo, share it with nobody', async () => {
    const writer = new Writer();
    const queue = new PushQueue(writer);
    const unnumbered = { compose: () => Promise.resolve([]) };
    const waiting = [request('c'), { ...request('d'), unnumbered }, request('e')];
    for (const one of [request('a'), request('b'), ...waiting]) void queue.push(one);
    for (let i = 0; i < 4; i++) await writer.end(i);
    expect(writer.devices).toEqual([['a'], ['b'], ['c', 'e'], ['d']]);
  });

  it('fail each by itself, or together with their transaction', async () => {
    const writer = new Writer();
    const queue = new PushQueue(writer);
    const settled = Promise.allSettled(['a', 'b', 'c', 'unknown', 'd'].map((device) => queue.push(request(device))));
    await writer.end(0, true);
    await writer.end(1);
    await writer.end(2);
    expect((await settled).map(({ status }) => status)).toEqual([
      'rejected',
      'fulfilled',
      'fulfilled',
      'rejected',
      'fulfilled',
    ]);
  });

  it('do not wait for those of another hospital', () => {
    const writer = new Writer();
    const queue = new PushQueue(writer);
    for (const device of ['a', 'b', 'c']) void queue.push(request(device));
    void queue.push(request('z', { from: hospitalWith(2) }));
    expect(writer.devices).toEqual([['a'], ['b'], ['z']]);
  });
});
