import { once } from 'node:events';
import { describe, expect, it } from '@jest/globals';
import { syncLiveClosing } from '@hms/contracts';
import { WebSocket } from 'ws';
import { eventually } from '../../testing/eventually.js';
import { useSyncWards } from '../../testing/sync-wards.js';
import type { TestPhone } from '../../testing/test-sync.js';

const on = useSyncWards();
const { otherWard, phone, patient } = on;

/** A socket, what was said on it, and with which code it was closed. */
class Listener {
  readonly heard: unknown[] = [];
  readonly closed: Promise<number>;

  private constructor(private readonly socket: WebSocket) {
    socket.on('message', (data: Buffer) => this.heard.push(JSON.parse(data.toString())));
    socket.on('error', () => undefined);
    this.closed = new Promise((resolve) => socket.on('close', resolve));
  }

  static async open(hello: unknown): Promise<Listener> {
    const socket = new WebSocket(`${on.ingest.url.replace('http', 'ws')}/sync/live`);
    const listener = new Listener(socket);
    await once(socket, 'open');
    socket.send(typeof hello === 'string' ? hello : JSON.stringify(hello));
    return listener;
  }

  async ready(): Promise<this> {
    await eventually(() => (this.heard.length > 0 ? true : undefined));
    expect(this.heard.splice(0)).toEqual([{ ready: true }]);
    return this;
  }

  end(): void {
    this.socket.close();
  }
}

const helloOf = (one: TestPhone) => ({ v: 1, token: one.user.token, device: one.id });

/** One that has synced, and so was told what it may hold. */
async function synced(wardIds: readonly string[] = []): Promise<TestPhone> {
  const one = await phone(wardIds);
  await one.push([]);
  return one;
}

describe('a device that listens', () => {
  it('is told within moments that a row of its ward changed, but nothing of the row', async () => {
    const patientId = await patient(on.hospital.wardId);
    const [here, there] = [await synced([on.hospital.wardId]), await synced([otherWard])];
    const listeners = [await Listener.open(helloOf(here)), await Listener.open(helloOf(there))] as const;
    for (const listener of listeners) await listener.ready();
    await on.hospital.rows(`update {schema}.patient set phone = '+49 1234567' where id = $1`, [patientId]);
    const [poke] = await eventually(() => (listeners[0].heard.length > 0 ? listeners[0].heard : undefined));
    expect(poke).toEqual({ p: expect.any(Number) as unknown, e: ['patients'] });
    expect(listeners[1].heard).toEqual([]);
    for (const listener of listeners) listener.end();
  });

  it('is closed when the token is none, the device is not the user’s, or the greeting is none', async () => {
    const [one, other] = [await synced(), await synced()];
    const codes = await Promise.all(
      [{ ...helloOf(one), token: 'x' }, { ...helloOf(one), device: other.id }, 'no JSON', { v: 1 }].map(
        async (hello) => (await Listener.open(hello)).closed,
      ),
    );
    const { unauthenticated, syncFirst } = syncLiveClosing;
    expect(codes).toEqual([unauthenticated, syncFirst, unauthenticated, unauthenticated]);
  });

  it('has to sync first when it was never told what it may hold', async () => {
    const one = await phone();
    expect(await (await Listener.open(helloOf(one))).closed).toBe(syncLiveClosing.syncFirst);
    await one.push([]);
    (await (await Listener.open(helloOf(one))).ready()).end();
  });

  it('is sent away when the service stops', async () => {
    const other = await on.sync.start();
    const socket = new WebSocket(`${other.url.replace('http', 'ws')}/sync/live`);
    await once(socket, 'open');
    const closed = once(socket, 'close') as Promise<[number]>;
    await other.stop();
    expect((await closed)[0]).toBe(syncLiveClosing.goingAway);
  });
});
